// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every block of several steps that the cpu backend forms, in floats and in integers, for one thread and for several,
// against `reference`, which runs the same nodes one by one; and cut open at each of its hidden tensors.

#include <array>
#include <functional>
#include <map>
#include <set>

#include "backend/cpu/blocks/grouping.h"
#include "backend/cpu/float_network.h"
#include "backend/cpu/integer_network.h"
#include "models/models.h"
#include "plan/plan.h"

namespace mobilenet {
namespace {

// Of a tensor's largest number, in floats; inner ones are compared after ReLU6, though their sums reach far beyond 6.
constexpr double kTolerance = 1e-3;

struct Graph {
  Network network;
  Parameters parameters;
  std::vector<std::shared_ptr<void>> owners;
};

Graph random_model(const char* name) {
  const ModelSpec spec = spec_from_name(name).value();
  auto weights = std::make_shared<RandomWeights>(random_weights(spec));
  Graph graph;
  graph.network = build_network(spec, weights->parameters, weights->index).value();
  graph.parameters = weights->parameters;
  graph.owners = {weights};
  return graph;
}

// Pairs of depthwise and pointwise convolutions behind a stem.
TensorId build_pairs(testing::IntegerNetwork& net, TensorId x, int channels) {
  x = net.convolution("stem", x, 3, channels, 3, 2);
  for (const auto& [outputs, stride] : {std::array{2 * channels, 1}, {4 * channels, 2}, {4 * channels, 1}}) {
    const std::string name = "pair" + std::to_string(net.network().nodes.size());
    x = net.depthwise(name + "/depthwise", x, channels, 3, stride, 1);
    x = net.convolution(name + "/pointwise", x, channels, outputs, 1, 1);
    channels = outputs;
  }
  return x;
}

// Inverted residuals behind a stem; additions read the new tensor first or second.
TensorId build_residuals(testing::IntegerNetwork& net, TensorId x, int channels) {
  x = net.convolution("stem", x, 3, channels, 3, 2);
  for (const auto& [stride, kernel] : {std::array{1, 3}, {1, 5}, {2, 3}, {1, 3}}) {
    const std::string name = "block" + std::to_string(net.network().nodes.size());
    const TensorId shortcut = x;
    x = net.convolution(name + "/expand", x, channels, 6 * channels, 1, 1);
    x = net.depthwise(name + "/depthwise", x, 6 * channels, kernel, stride, 1);
    x = net.convolution(name + "/project", x, 6 * channels, channels, 1, 1);
    if (stride > 1) continue;
    const auto operands = kernel == 3 ? std::vector{shortcut, x} : std::vector{x, shortcut};
    x = net.node(name + "/add", AddOp{}, operands, {});
  }
  return x;
}

using BuildIntegers = TensorId (*)(testing::IntegerNetwork&, TensorId x, int channels);

Graph integer_model(DataType type, BuildIntegers build, int channels) {
  auto net = std::make_shared<testing::IntegerNetwork>(type, 5);
  net->network().inputs = {net->activation("input", {1, 1, 1, 3})};
  net->network().outputs = {build(*net, net->network().inputs[0], channels)};
  return {net->network(), net->parameters(), {net}};
}

struct BlocksCase {
  const char* name;
  std::function<Graph()> make;
  Shape input;
};

void PrintTo(const BlocksCase& c, std::ostream* out) { *out << c.name; }

const BlocksCase kCases[] = {
    {"V1, floats", [] { return random_model("mobilenet_v1:0.5:192:10"); }, {1, 193, 190, 3}},
    {"V2, floats", [] { return random_model("mobilenet_v2:0.35:224:10"); }, {1, 224, 224, 3}},
    {"V2, floats, a batch", [] { return random_model("mobilenet_v2:0.35:192:10"); }, {3, 161, 192, 3}},
    {"SSD, floats", [] { return random_model("ssd_mobilenet_v1:0.25:300:4"); }, {1, 300, 300, 3}},
    {"SSDLite, floats", [] { return random_model("ssdlite_mobilenet_v2:0.35:300:4"); }, {1, 300, 300, 3}},
    {"DeepLab, floats", [] { return random_model("deeplab_v3plus_mobilenet_v2:0.35:257:4"); }, {1, 257, 257, 3}},
    {"pairs, u8", [] { return integer_model(DataType::u8, build_pairs, 32); }, {1, 224, 224, 3}},
    {"pairs, i8", [] { return integer_model(DataType::i8, build_pairs, 32); }, {2, 190, 225, 3}},
    {"residuals, u8", [] { return integer_model(DataType::u8, build_residuals, 16); }, {1, 224, 224, 3}},
    {"residuals, i8", [] { return integer_model(DataType::i8, build_residuals, 16); }, {1, 225, 190, 3}},
    {"residuals, a batch of u8", [] { return integer_model(DataType::u8, build_residuals, 13); }, {3, 130, 260, 3}},
};

using Bytes = std::vector<std::byte>;

// The wanted tensors' bytes.
std::map<TensorId, Bytes> run(const Backend& backend, const std::shared_ptr<const Weights>& weights,
                              const CompileRequest& request) {
  const auto program = backend.compile(weights, request).value();
  const auto execution = program->open({}).value();
  std::mt19937 random(7);
  for (const TensorMemory& input : execution->inputs())
    for (std::int64_t i = 0; i < input.shape.elements(); ++i) {
      const auto number = static_cast<std::uint32_t>(random());
      if (input.type == DataType::f32)
        reinterpret_cast<float*>(input.data)[i] = static_cast<float>(number) / 2147483648.0f - 1;
      else
        input.data[i] = static_cast<std::byte>(number);
    }
  EXPECT_TRUE(execution->run());
  std::map<TensorId, Bytes> tensors;
  for (const TensorMemory& output : execution->outputs())
    tensors[output.tensor].assign(output.data, output.data + output.bytes);
  return tensors;
}

std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

class Blocks : public ::testing::TestWithParam<BlocksCase> {};

TEST_P(Blocks, LikeTheirNodesOneByOne) {
  const Graph graph = GetParam().make();
  const Network& network = graph.network;
  CompileRequest request;
  request.input_shapes = {GetParam().input};
  const std::vector<Shape> shapes = infer_shapes(network, graph.parameters, {&GetParam().input, 1}).value();

  std::map<int, std::vector<Block>> blocks;  // per number of threads
  std::set<TensorId> all;
  for (const int threads : {1, 2, 3}) {
    const cpu::CpuGrouping grouping(threads);
    const Plan plan = make_plan(network, shapes, network.outputs, grouping).value();
    for (const Block& block : plan.blocks) {
      if (block.steps.size() < 2) continue;
      blocks[threads].push_back(block);
      for (const Step& step : block.steps) all.insert(step.output);
    }
    EXPECT_FALSE(blocks[threads].empty()) << threads << " threads: nothing here proves anything";
  }
  request.outputs.assign(all.begin(), all.end());
  const auto weights = [&](const Backend& backend) {
    return packed(backend, network, graph.parameters, Precision::source).value();
  };
  const auto expected = run(reference_backend(), weights(reference_backend()), request);

  const auto cpu_weights = weights(cpu::cpu_backend());
  const auto expect_tensors = [&](const std::vector<TensorId>& wanted) {
    request.outputs = wanted;
    for (const auto& [id, bytes] : run(cpu::cpu_backend(), cpu_weights, request)) {
      const std::string& name = network.tensor(id).name;
      if (network.tensor(id).type == DataType::f32)
        EXPECT_LE(testing::relative_difference(floats(bytes), floats(expected.at(id))), kTolerance) << name;
      else
        EXPECT_TRUE(bytes == expected.at(id)) << name;
    }
  };
  for (const auto& [threads, formed] : blocks)
    for (const Block& block : formed) {
      SCOPED_TRACE(::testing::Message() << "the block before " << network.tensor(block.last().output).name << ", "
                                        << threads << " threads");
      request.threads = threads;
      expect_tensors({block.last().output});
      for (std::size_t i = 0; i + 1 < block.steps.size(); ++i)
        expect_tensors({block.steps[i].output, block.last().output});
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, Blocks, ::testing::ValuesIn(kCases), [](const auto& tested) {
  std::string name;
  for (const char* c = tested.param.name; *c != 0; ++c) name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
  return name;
});

}  // namespace
}  // namespace mobilenet
