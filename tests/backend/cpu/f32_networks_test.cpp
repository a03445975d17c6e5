// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole float networks with random weights: the cpu backend against `reference`.

#include "backend/cpu/float_network.h"
#include "backend/random_network.h"

namespace mobilenet {
namespace {

using testing::NetworkCase;
using testing::random_network;
using testing::RandomNetwork;

// Fifty layers, each off by about 1e-6 of its largest number; random linear bottlenecks pass that on undamped (5.4e-5
// was the most seen, with every instruction set).
constexpr double kTolerance = 1e-4;
// Inner layers are compared with their largest number after ReLU6, though their sums reach far beyond 6 before it.
constexpr double kInnerTolerance = 1e-3;

constexpr NetworkCase kNetworks[] = {
    {"mobilenet_v1:0.25:64:10", 64, 64, 1},  {"mobilenet_v1:0.25:64:10", 61, 75, 2},
    {"mobilenet_v1:0.5:96:1001", 33, 33, 3}, {"mobilenet_v1:0.75:64:5", 64, 64, 1},
    {"mobilenet_v1:1.0:64:1001", 64, 64, 1}, {"mobilenet_v2:0.35:64:10", 64, 64, 1},
    {"mobilenet_v2:0.35:64:10", 97, 65, 2},  {"mobilenet_v2:0.5:96:1001", 96, 96, 1},
    {"mobilenet_v2:0.75:64:5", 47, 47, 3},   {"mobilenet_v2:1.0:64:1001", 64, 64, 1},
    {"mobilenet_v2:1.4:64:1001", 64, 64, 1}, {"mobilenet_v2:1.0:32:10", 1, 1, 1},
};

// Large enough that blocks run as chains of rows: whole pictures, and halves and thirds of them whose seams overlap.
constexpr NetworkCase kLargeNetworks[] = {
    {"mobilenet_v2:0.35:224:10", 224, 201, 1}, {"mobilenet_v2:0.35:224:10", 225, 224, 2},
    {"mobilenet_v2:0.75:224:10", 129, 320, 1}, {"mobilenet_v1:0.5:192:10", 193, 224, 1},
    {"mobilenet_v1:0.25:224:10", 33, 1001, 1},
};

class F32Networks : public ::testing::TestWithParam<cpu::KernelSet> {};

INSTANTIATE_TEST_SUITE_P(Isa, F32Networks, testing::every_isa(), testing::isa_test_name);

void expect_outputs(std::span<const NetworkCase> cases, const cpu::KernelSet& kernels) {
  for (const NetworkCase& c : cases) {
    SCOPED_TRACE(::testing::Message() << c.architecture << " on " << c.height << "x" << c.width << ", batch "
                                      << c.batch);
    const RandomNetwork net = random_network(c.architecture);
    CompileRequest request;
    request.input_shapes = {Shape{c.batch, c.height, c.width, 3}};
    request.outputs = net.network.outputs;
    testing::expect_like_reference(net.network, net.weights.parameters, request, kernels, {1, 2, 3}, kTolerance);
  }
}

TEST_P(F32Networks, Outputs) { expect_outputs(kNetworks, GetParam()); }

TEST_P(F32Networks, OutputsOfLargePictures) { expect_outputs(kLargeNetworks, GetParam()); }

// Every layer of the shapes that the published networks have, each at once: wanting all of them keeps every group
// closed at its layer, so that a wrong layer shows by name.
TEST_P(F32Networks, EveryLayerAsATap) {
  for (const char* architecture : {"mobilenet_v1:1.0:32:10", "mobilenet_v2:1.0:32:10"}) {
    SCOPED_TRACE(architecture);
    const RandomNetwork net = random_network(architecture);
    CompileRequest request;
    request.input_shapes = {Shape{1, 64, 64, 3}};
    for (const Layer& layer : net.network.layers) request.outputs.push_back(layer.tensor);
    ASSERT_GT(request.outputs.size(), 20u);
    testing::expect_like_reference(net.network, net.weights.parameters, request, GetParam(), {2}, kInnerTolerance);
  }
}

// Every tensor of the source framework, batch norms and activations apart.
TEST_P(F32Networks, EveryTensorAsATap) {
  const RandomNetwork net = random_network("mobilenet_v2:0.35:32:10");
  CompileRequest request;
  request.input_shapes = {Shape{2, 32, 48, 3}};
  for (const Node& node : net.network.nodes) request.outputs.push_back(node.output);
  testing::expect_like_reference(net.network, net.weights.parameters, request, GetParam(), {1, 2}, kInnerTolerance);
}

}  // namespace
}  // namespace mobilenet
