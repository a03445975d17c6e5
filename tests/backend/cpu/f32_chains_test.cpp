// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which steps may stream their rows through each other: the cpu backend against `reference` on networks where a chain
// would read memory that nobody wrote, or other rows.

#include <mobilenet/session.h>

#include <functional>

#include "backend/cpu/float_network.h"
#include "backend/packed.h"
#include "models/models.h"

namespace mobilenet {
namespace {

constexpr double kTolerance = 1e-5;
const Shape kInput{1, 128, 128, 8};  // the maps of 32 channels behind it take 2 MB, which chains are for
constexpr int kWide = 32;

struct Net : testing::FloatNetwork {
  Net() : FloatNetwork(3) {}

  TensorId convolve(TensorId x, int inputs, int outputs, int kernel = 1) {
    const float reach = 1.0f / static_cast<float>(kernel * kernel * inputs);
    Window window;
    window.kernel_height = window.kernel_width = kernel;
    window.padding.rule = Padding::Rule::same;
    return add(Conv2dOp{window}, {x, constant({outputs, kernel, kernel, inputs}, WeightLayout::ohwi, -reach, reach),
                                  vector(outputs, -1, 1)});
  }
  TensorId depthwise(TensorId x, int channels) {
    Window window{3, 3, 1, 1, 1, 1, {Padding::Rule::same}};
    return add(DepthwiseConv2dOp{window}, {x, constant({1, 3, 3, channels}, WeightLayout::hwc, -0.3f, 0.3f)});
  }
  TensorId reshape(TensorId x, const Shape& shape) { return add(ReshapeOp{shape}, {x}); }
};

struct ChainCase {
  const char* name;
  std::function<std::vector<TensorId>(Net&, TensorId x)> build;  // the wanted tensors
  std::int64_t batch = 1;
};

void PrintTo(const ChainCase& c, std::ostream* out) { *out << c.name; }

const ChainCase kCases[] = {
    {"two readers through a reshape",
     [](Net& net, TensorId x) {
       const TensorId map = net.reshape(net.convolve(x, 8, kWide), {1, 128, 128, kWide});
       return std::vector{net.convolve(map, kWide, 8), net.convolve(map, kWide, 8)};
     }},
    {"one reader of the map, one of its reshape",
     [](Net& net, TensorId x) {
       const TensorId map = net.convolve(x, 8, kWide);
       return std::vector{net.convolve(map, kWide, 8), net.convolve(net.reshape(map, {1, 128, 128, kWide}), kWide, 8)};
     }},
    {"a reshape to twice the rows",
     [](Net& net, TensorId x) {
       return std::vector{net.convolve(net.reshape(net.convolve(x, 8, kWide), {1, 256, 64, kWide}), kWide, 8)};
     }},
    {"a reshape to half the rows, read by a window",
     [](Net& net, TensorId x) {
       return std::vector{net.depthwise(net.reshape(net.convolve(x, 8, kWide), {1, 64, 256, kWide}), kWide)};
     }},
    {"a reshape to one column behind a window",
     [](Net& net, TensorId x) {
       return std::vector{net.convolve(net.reshape(net.convolve(x, 8, kWide, 3), {1, 128 * 128, 1, kWide}), kWide, 8)};
     }},
    {"a reshape to the same rows, of a batch",
     [](Net& net, TensorId x) {
       return std::vector{net.convolve(net.reshape(net.convolve(x, 8, kWide), {1, 128, 128, kWide}), kWide, 8)};
     },
     3},
    {"a reshape of a reshape",
     [](Net& net, TensorId x) {
       const TensorId flat = net.reshape(net.convolve(x, 8, kWide), {1, 128 * 128 * kWide});
       return std::vector{net.convolve(net.reshape(flat, {1, 32, 512, kWide}), kWide, 8)};
     }},
    {"the reshaped map is wanted too",
     [](Net& net, TensorId x) {
       const TensorId map = net.convolve(x, 8, kWide);
       return std::vector{net.convolve(map, kWide, 8), net.reshape(map, {1, 256, 64, kWide})};
     }},
    {"a map that is added to what is made of it",
     [](Net& net, TensorId x) {
       const TensorId map = net.convolve(x, 8, kWide);
       return std::vector{net.add(AddOp{}, {net.convolve(map, kWide, kWide), map})};
     }},
    {"a map that is added under another name",
     [](Net& net, TensorId x) {
       const TensorId map = net.convolve(x, 8, kWide), other = net.reshape(map, {1, 128, 128, kWide});
       return std::vector{net.add(AddOp{}, {net.convolve(map, kWide, kWide), other})};
     }},
    {"a residual from before the chain",
     [](Net& net, TensorId x) {
       const TensorId block = net.convolve(net.depthwise(net.convolve(x, 8, kWide), kWide), kWide, 8);
       return std::vector{net.add(AddOp{}, {x, block})};
     },
     2},
};

class F32Chains : public ::testing::TestWithParam<std::tuple<cpu::KernelSet, ChainCase>> {};

TEST_P(F32Chains, LikeTheReference) {
  const auto& [kernels, c] = GetParam();
  Net net;
  CompileRequest request;
  request.outputs = c.build(net, net.input());
  Shape input = kInput;
  input[0] = c.batch;
  request.input_shapes = {input};
  testing::expect_like_reference(net.network, net.parameters, request, kernels, {1, 2, 3}, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Isa, F32Chains, ::testing::Combine(testing::every_isa(), ::testing::ValuesIn(kCases)),
                         [](const auto& tested) {
                           std::string name(std::get<0>(tested.param).isa);
                           for (const char* c = std::get<1>(tested.param).name; *c != 0; ++c)
                             name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
                           return name;
                         });

// The cases above would prove little if no chain ran.
TEST(Chains, RunOnLargePictures) {
  for (const char* architecture : {"mobilenet_v1:1.0:224:10", "mobilenet_v2:1.0:224:10"})
    for (const int threads : {1, 2}) {
      const ModelSpec spec = spec_from_name(architecture).value();
      const RandomWeights weights_of = random_weights(spec);
      const Network network = build_network(spec, weights_of.parameters, weights_of.index).value();
      CompileRequest request;
      request.input_shapes = {Shape{1, 224, 224, 3}};
      request.outputs = network.outputs;
      const Backend& backend = cpu::cpu_backend();
      request.threads = threads;
      auto weights = packed(backend, network, weights_of.parameters, Precision::f32).value();
      auto program = backend.compile(weights, request).value();
      auto execution = program->open({.profile = true}).value();
      int chains = 0;
      for (const StepTime& step : execution->step_times()) chains += step.kind.starts_with("chain");
      EXPECT_GE(chains, 1) << architecture << ", " << threads << " threads";
    }
}

}  // namespace
}  // namespace mobilenet
