// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every block of several steps that the cpu backend forms, in floats and in integers, for one thread and for several,
// against `reference`, which runs the same nodes one by one; and cut open at each of its hidden tensors.

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "backend/cpu/blocks/grouping.h"
#include "backend/cpu/every_isa.h"
#include "backend/cpu/float_network.h"
#include "backend/cpu/integer_network.h"
#include "base/file_bytes.h"
#include "formats/formats.h"
#include "models/models.h"
#include "models/registry.h"
#include "plan/plan.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

// Of a tensor's largest number, in floats; inner ones are compared after ReLU6, though their sums reach far beyond 6.
constexpr double kTolerance = 1e-3;

struct Graph {
  Network network;
  Parameters parameters;
  std::vector<std::shared_ptr<void>> owners;
};

Graph random_model(const std::string& name) {
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

// The best instruction set here, and the best without instructions for integers of its own.
std::vector<cpu::KernelSet> two_instruction_sets() {
  const auto runnable = cpu::runnable_kernels();
  std::vector<cpu::KernelSet> sets{runnable[0]};
  const auto plain = std::find_if(runnable.begin(), runnable.end(), [](const cpu::KernelSet& set) {
    return set.isa.find("vnni") == std::string_view::npos;
  });
  if (plain != runnable.begin() && plain != runnable.end()) sets.push_back(*plain);
  return sets;
}

// All blocks of a network at once, whole, and cut behind the first of their steps, the second, ...: a tensor that is
// wanted cuts its block open. Returns how many blocks there are for one thread.
std::size_t expect_blocks_like_their_nodes(const Graph& graph, const std::vector<Shape>& inputs) {
  const Network& network = graph.network;
  const std::vector<Shape> shapes = infer_shapes(network, graph.parameters, inputs).value();
  std::map<int, std::vector<Block>> blocks;  // per number of threads
  std::set<TensorId> all(network.outputs.begin(), network.outputs.end());
  for (const int threads : {1, 2, 3, 8}) {
    // The last instruction set: others may leave small pictures whole.
    const cpu::CpuGrouping grouping(threads, cpu::runnable_kernels().back(), Precision::source);
    const Plan plan = make_plan(network, shapes, network.outputs, grouping).value();
    for (const Block& block : plan.blocks) {
      if (block.steps.size() < 2) continue;
      blocks[threads].push_back(block);
      for (const Step& step : block.steps) all.insert(step.output);
    }
  }
  CompileRequest request;
  request.input_shapes = inputs;
  request.outputs.assign(all.begin(), all.end());
  const auto weights = [&](const Backend& backend) {
    return packed(backend, network, graph.parameters, Precision::source).value();
  };
  const auto expected = run(reference_backend(), weights(reference_backend()), request);

  const auto cpu_weights = weights(cpu::cpu_backend());
  for (const cpu::KernelSet& kernels : two_instruction_sets()) {
    const testing::ForcedIsa forced(kernels);
    for (const auto& [threads, formed] : blocks) {
      std::size_t longest = 1;
      for (const Block& block : formed) longest = std::max(longest, block.steps.size());
      for (std::size_t cut = 0; cut < longest; ++cut) {
        std::set<TensorId> wanted(network.outputs.begin(), network.outputs.end());
        for (const Block& block : formed) {
          wanted.insert(block.last().output);
          if (cut > 0 && cut < block.steps.size()) wanted.insert(block.steps[cut - 1].output);
        }
        request.threads = threads;
        request.outputs.assign(wanted.begin(), wanted.end());
        for (const auto& [id, bytes] : run(cpu::cpu_backend(), cpu_weights, request)) {
          const Tensor& tensor = network.tensor(id);
          const bool equal = tensor.type == DataType::f32
                                 ? testing::relative_difference(floats(bytes), floats(expected.at(id))) <= kTolerance
                                 : bytes == expected.at(id);
          EXPECT_TRUE(equal) << tensor.name << ", " << kernels.isa << ", " << threads << " threads, blocks "
                             << (cut > 0 ? "cut behind step " + std::to_string(cut) : "whole");
        }
      }
    }
  }
  return blocks[1].size();
}

class Blocks : public ::testing::TestWithParam<BlocksCase> {};

TEST_P(Blocks, LikeTheirNodesOneByOne) {
  EXPECT_GT(expect_blocks_like_their_nodes(GetParam().make(), {GetParam().input}), 0u)
      << "nothing here proves anything";
}

INSTANTIATE_TEST_SUITE_P(Cases, Blocks, ::testing::ValuesIn(kCases), [](const auto& tested) {
  std::string name;
  for (const char* c = tested.param.name; *c != 0; ++c) name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
  return name;
});

class EveryArchitecture : public ::testing::TestWithParam<ArchitectureRow> {};

TEST_P(EveryArchitecture, OfOddSizes) {
  const std::string name = std::string(GetParam().name) + ":0.25:225:5";
  EXPECT_GT(expect_blocks_like_their_nodes(random_model(name), {{1, 225, 193, 3}}), 0u)
      << "nothing here proves anything";
}

INSTANTIATE_TEST_SUITE_P(Rows, EveryArchitecture, ::testing::ValuesIn(architectures().begin(), architectures().end()),
                         [](const auto& tested) { return std::string(tested.param.name); });

// Graphs of bytes as they are published, each at its own size.
TEST(RealBlocks, OfBytes) {
  MOBILENET_NEEDS_TEST_DATA();
  std::size_t blocks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*testing::test_data() / "models")) {
    if (entry.path().extension() != ".tflite") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const auto file = FileBytes::read(entry.path()).value();
    const auto model = load_model({entry.path().string(), entry.path(), file->bytes(), file});
    if (!model) continue;  // an operator that no backend has
    const Network& network = model->network();
    const auto is_of_bytes = [&](TensorId id) {
      return network.tensor(id).type == DataType::u8 || network.tensor(id).type == DataType::i8;
    };
    if (!std::all_of(network.inputs.begin(), network.inputs.end(), is_of_bytes)) continue;
    std::vector<Shape> inputs;
    for (const TensorId id : network.inputs) inputs.push_back(network.tensor(id).shape);
    blocks += expect_blocks_like_their_nodes(Graph{network, model->parameters(), {}}, inputs);
  }
  EXPECT_GT(blocks, 0u) << "nothing here proves anything";
}

}  // namespace
}  // namespace mobilenet
