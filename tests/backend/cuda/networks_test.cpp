// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole float networks with random weights on the GPU, against `reference`.

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "backend/cuda/gpu.h"
#include "backend/float_network.h"
#include "backend/random_network.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

// Random linear bottlenecks pass on what is rounded, and add to it: fifty layers in halves, each off by 2e-4 of its
// largest number, end with up to two thirds of the largest logit. Blocks by themselves are compared closely.
constexpr double kHalves = 0.8;

constexpr NetworkCase kNetworks[] = {
    {"mobilenet_v1:0.25:64:10", 64, 64, 1},     {"mobilenet_v1:0.25:64:10", 61, 75, 2},
    {"mobilenet_v1:0.5:96:1001", 33, 33, 3},    {"mobilenet_v1:0.75:64:5", 64, 64, 1},
    {"mobilenet_v1:1.0:64:1001", 64, 64, 9},    {"mobilenet_v2:0.35:64:10", 64, 64, 1},
    {"mobilenet_v2:0.35:64:10", 97, 65, 2},     {"mobilenet_v2:0.5:96:1001", 96, 96, 1},
    {"mobilenet_v2:0.75:64:5", 47, 47, 3},      {"mobilenet_v2:1.0:64:1001", 64, 64, 17},
    {"mobilenet_v2:1.4:64:1001", 64, 64, 1},    {"mobilenet_v2:1.0:32:10", 1, 1, 1},
    {"mobilenet_v1:1.0:224:1001", 224, 224, 1}, {"mobilenet_v2:1.0:224:1001", 224, 224, 1},
    {"mobilenet_v2:1.0:224:1001", 160, 224, 5}, {"deeplab_mobilenet_v2:0.35:65:4", 65, 97, 3},
};

struct BlockCase;

class CudaNetworks : public OnGpu {
 protected:
  void expect_blocks(std::span<const BlockCase> cases);
  // In floats, and in halves where `halves` is a tolerance.
  void expect_like_reference(const Network& network, const Parameters& parameters, const CompileRequest& request,
                             double floats, double halves) {
    Answers expected;
    run_network(reference_backend(), network, parameters, request, 1, expected);
    for (const Precision precision : {Precision::f32, Precision::f16}) {
      const bool in_halves = precision == Precision::f16;
      if (in_halves && halves == 0) continue;
      Answers got;
      run_network(gpu(), network, parameters, request, 1, got, precision);
      ASSERT_EQ(got.tensors.size(), expected.tensors.size());
      for (std::size_t i = 0; i < got.tensors.size(); ++i)
        EXPECT_LE(relative_difference(got.tensors[i], expected.tensors[i]), in_halves ? halves : floats)
            << network.tensor(request.outputs[i]).name << " in " << (in_halves ? "f16" : "f32");
    }
  }
  void expect_like_reference(const RandomNetwork& net, const CompileRequest& request, double floats, double halves) {
    expect_like_reference(net.network, net.weights.parameters, request, floats, halves);
  }
};

TEST_F(CudaNetworks, Outputs) {
  for (const NetworkCase& c : kNetworks) {
    SCOPED_TRACE(::testing::Message() << c.architecture << " on " << c.height << "x" << c.width << ", batch "
                                      << c.batch);
    const RandomNetwork net = random_network(c.architecture);
    CompileRequest request;
    request.input_shapes = {Shape{c.batch, c.height, c.width, 3}};
    request.outputs = net.network.outputs;
    expect_like_reference(net, request, 1e-4, kHalves);
  }
}

// Heads write parts of two joined tensors, those of SSDLite after a depthwise convolution each.
TEST_F(CudaNetworks, Detectors) {
  for (const char* architecture : {"ssd_mobilenet_v1:0.25:96:5", "ssdlite_mobilenet_v2:0.5:96:5"})
    for (const std::int64_t batch : {1, 3}) {
      SCOPED_TRACE(::testing::Message() << architecture << ", batch " << batch);
      const RandomNetwork net = random_network(architecture);
      CompileRequest request;
      request.input_shapes = {Shape{batch, 96, 96, 3}};
      request.outputs = net.network.outputs;
      expect_like_reference(net, request, 1e-4, kHalves);
    }
}

// Wanting a layer closes its group, so that a wrong layer shows by name.
TEST_F(CudaNetworks, EveryLayerAsATap) {
  for (const char* architecture : {"mobilenet_v1:1.0:32:10", "mobilenet_v2:1.0:32:10"}) {
    SCOPED_TRACE(architecture);
    const RandomNetwork net = random_network(architecture);
    CompileRequest request;
    request.input_shapes = {Shape{2, 64, 64, 3}};
    for (const Layer& layer : net.network.layers) request.outputs.push_back(layer.tensor);
    expect_like_reference(net, request, 1e-3, kHalves);
  }
}

TEST_F(CudaNetworks, EveryTensorAsATap) {
  const RandomNetwork net = random_network("mobilenet_v2:0.35:32:10");
  CompileRequest request;
  request.input_shapes = {Shape{2, 32, 48, 3}};
  for (const Node& node : net.network.nodes) request.outputs.push_back(node.output);
  expect_like_reference(net, request, 1e-3, kHalves);
}

struct BlockCase {
  int height, width, channels, expansion, outputs, stride, dilation, batch;
  bool residual;
};
constexpr BlockCase kBlocks[] = {
    // Of V2, whole and in other sizes; expansion 0: a depthwise pair, as V1's.
    {56, 56, 16, 6, 24, 2, 1, 1, false},    {56, 56, 24, 6, 24, 1, 1, 1, true},
    {55, 57, 24, 6, 32, 2, 1, 3, false},    {28, 28, 32, 6, 32, 1, 1, 2, true},
    {14, 14, 64, 6, 64, 1, 1, 1, true},     {14, 14, 64, 6, 96, 1, 1, 9, false},
    {14, 14, 96, 6, 96, 1, 1, 64, true},    {14, 14, 96, 6, 160, 2, 1, 1, false},
    {7, 7, 160, 6, 160, 1, 1, 1, true},     {7, 7, 160, 6, 160, 1, 1, 31, true},
    {7, 7, 160, 6, 320, 1, 1, 2, false},    {33, 33, 160, 6, 160, 1, 2, 1, true},
    {33, 33, 160, 6, 320, 1, 2, 2, false},  {1, 1, 32, 6, 32, 1, 1, 1, true},
    {3, 2, 8, 3, 24, 2, 1, 5, false},       {19, 19, 96, 6, 96, 1, 1, 1, true},
    {10, 10, 160, 6, 160, 1, 1, 40, true},  {13, 41, 40, 2, 56, 1, 1, 1, false},
    {112, 112, 32, 0, 64, 1, 1, 1, false},  {112, 112, 64, 0, 128, 2, 1, 1, false},
    {56, 56, 128, 0, 128, 1, 1, 2, false},  {14, 14, 512, 0, 512, 1, 1, 1, false},
    {14, 14, 512, 0, 512, 1, 1, 33, false}, {14, 14, 512, 0, 1024, 2, 1, 3, false},
    {7, 7, 1024, 0, 1024, 1, 1, 1, false},  {7, 7, 1024, 0, 1024, 1, 1, 20, false},
    {19, 19, 512, 0, 512, 1, 1, 1, false},  {19, 19, 576, 0, 273, 1, 1, 2, false},
    {5, 7, 24, 0, 17, 1, 1, 1, false},      {33, 33, 64, 0, 64, 1, 4, 1, true},
};

// Small enough for tools that watch every access.
constexpr BlockCase kSmallBlocks[] = {
    {9, 9, 16, 3, 24, 2, 1, 1, false},  {9, 7, 24, 4, 24, 1, 1, 2, true},  {7, 7, 64, 6, 64, 1, 1, 1, true},
    {7, 7, 64, 6, 160, 1, 1, 3, false}, {9, 9, 32, 2, 32, 1, 2, 1, true},  {9, 9, 128, 0, 128, 1, 1, 1, false},
    {9, 9, 128, 0, 64, 2, 1, 2, false}, {5, 7, 24, 0, 17, 1, 1, 1, false},
};

// A block behind a 1x1 convolution, so that it reads halves.
void CudaNetworks::expect_blocks(std::span<const BlockCase> cases) {
  for (const BlockCase& c : cases) {
    SCOPED_TRACE(::testing::Message() << c.height << "x" << c.width << "x" << c.channels << " x" << c.expansion
                                      << " to " << c.outputs << ", stride " << c.stride << ", dilation " << c.dilation
                                      << ", batch " << c.batch);
    FloatNetwork net(3);
    const auto convolution = [&](TensorId x, int in, int out) {
      const float most = 1.5f / std::sqrt(static_cast<float>(in));
      return net.add(Conv2dOp{},
                     {x, net.constant({out, 1, 1, in}, WeightLayout::ohwi, -most, most), net.vector(out, -0.2f, 0.2f)});
    };
    // Behind a clamp, as the sums of halves want it; of expansions their own.
    const TensorId first = convolution(net.input(), 8, c.channels);
    const TensorId input = c.expansion > 0 ? first : net.add(ActivationOp{}, {first});
    TensorId x = input;
    int hidden = c.channels;
    if (c.expansion > 0) {
      hidden *= c.expansion;
      x = net.add(ActivationOp{}, {convolution(x, c.channels, hidden)});
    }
    DepthwiseConv2dOp depthwise;
    depthwise.window = {3, 3, c.stride, c.stride, c.dilation, c.dilation, {Padding::Rule::same}};
    x = net.add(depthwise, {x, net.constant({1, 3, 3, hidden}, WeightLayout::hwc, -0.6f, 0.6f)});
    x = convolution(net.add(ActivationOp{}, {net.batch_norm(x, hidden)}), hidden, c.outputs);
    if (c.residual) x = net.add(AddOp{}, {input, x});
    net.network.outputs = {x};
    CompileRequest request;
    request.input_shapes = {Shape{c.batch, c.height, c.width, 8}};
    request.outputs = {x};
    expect_like_reference(net.network, net.parameters, request, 1e-5, 5e-3);
  }
}

TEST_F(CudaNetworks, Blocks) { expect_blocks(kBlocks); }
TEST_F(CudaNetworks, SmallBlocks) { expect_blocks(kSmallBlocks); }

TEST_F(CudaNetworks, SmallNetworks) {
  for (const char* architecture : {"mobilenet_v1:0.25:32:5", "mobilenet_v2:0.35:32:5"}) {
    const RandomNetwork net = random_network(architecture);
    CompileRequest request;
    request.input_shapes = {Shape{1, 32, 32, 3}};
    request.outputs = net.network.outputs;
    expect_like_reference(net, request, 1e-4, kHalves);
  }
}

struct ResizeCase {
  int batch, height, width, channels, out_height, out_width;
};
// Rows that begin anywhere among 16 bytes, of less numbers than that and of several pieces; runs of rows that end in
// another picture than they begin.
constexpr ResizeCase kResizes[] = {
    {1, 65, 65, 21, 513, 513}, {3, 1, 1, 256, 33, 33}, {5, 1, 1, 3, 1, 1},    {3, 3, 4, 1, 7, 5},
    {2, 5, 4, 11, 9, 13},      {1, 7, 9, 5, 3, 2},     {1, 4, 3, 2, 9, 1027}, {2, 3, 3, 300, 4, 7},
    {1, 2, 3, 2049, 3, 3},     {4, 2, 2, 13, 3, 5},    {2, 9, 7, 8, 33, 31},  {9, 17, 33, 21, 65, 129},
};

// Floats and halves on both sides: in halves, what convolutions make and read is such.
TEST_F(CudaNetworks, Resizes) {
  for (const ResizeCase& c : kResizes)
    for (const Enlargement enlargement :
         {Enlargement::align_corners, Enlargement::half_pixel_centers, Enlargement::top_left})
      for (const bool behind_convolution : {false, true})
        for (const bool before_convolution : {false, true}) {
          SCOPED_TRACE(::testing::Message()
                       << c.height << "x" << c.width << "x" << c.channels << " to " << c.out_height << "x"
                       << c.out_width << ", batch " << c.batch << ", enlargement " << static_cast<int>(enlargement)
                       << (behind_convolution ? ", behind" : "") << (before_convolution ? ", before" : ""));
          FloatNetwork net(5);
          const auto convolution = [&](TensorId x, int in, int out) {
            const float most = 1.5f / std::sqrt(static_cast<float>(in));
            return net.add(Conv2dOp{}, {x, net.constant({out, 1, 1, in}, WeightLayout::ohwi, -most, most)});
          };
          TensorId x = net.input();
          if (behind_convolution) x = convolution(x, 8, c.channels);
          x = net.add(ResizeBilinearOp{c.out_height, c.out_width, enlargement}, {x});
          if (before_convolution) x = convolution(x, c.channels, 8);
          net.network.outputs = {x};
          CompileRequest request;
          request.input_shapes = {Shape{c.batch, c.height, c.width, behind_convolution ? 8 : c.channels}};
          request.outputs = {x};
          expect_like_reference(net.network, net.parameters, request, 1e-5, 5e-3);
        }
}

struct PooledCase {
  int batch, height, width, channels, pooled, outputs;
};
// 17 outputs are joined as they are; maps of one pixel, too.
constexpr PooledCase kPooled[] = {{1, 33, 33, 64, 256, 256}, {16, 9, 11, 32, 64, 256}, {3, 7, 5, 40, 24, 24},
                                  {9, 5, 9, 16, 8, 72},      {2, 5, 9, 16, 8, 17},     {4, 1, 1, 16, 24, 32},
                                  {2, 6, 4, 12, 20, 8},      {12, 3, 3, 11, 13, 40}};

// DeepLab's pooled branch, whose pixel becomes a bias of each picture; where somebody wants to see the larger map, or
// another layer reads it, too, it exists.
TEST_F(CudaNetworks, PooledBranches) {
  enum class Reader { one, wanted, other };
  for (const PooledCase& c : kPooled)
    for (const bool pixel_first : {true, false})
      for (const bool residual : {false, true})
        for (const Reader reader : {Reader::one, Reader::wanted, Reader::other}) {
          SCOPED_TRACE(::testing::Message()
                       << c.height << "x" << c.width << "x" << c.channels << " and " << c.pooled << " to " << c.outputs
                       << ", batch " << c.batch << (pixel_first ? ", pixel first" : "")
                       << (residual ? ", residual" : "") << ", read by " << static_cast<int>(reader));
          FloatNetwork net(6);
          const auto convolution = [&](TensorId x, int in, int out) {
            const float most = 1.5f / std::sqrt(static_cast<float>(in));
            return net.add(Conv2dOp{}, {x, net.constant({out, 1, 1, in}, WeightLayout::ohwi, -most, most),
                                        net.vector(out, -0.2f, 0.2f)});
          };
          const TensorId map = convolution(net.input(), 8, c.channels);
          const TensorId added = residual ? convolution(map, c.channels, c.outputs) : kNoTensor;
          const TensorId pixel =
              net.add(ActivationOp{}, {convolution(net.add(GlobalAveragePoolOp{}, {map}), c.channels, c.pooled)});
          const TensorId larger = net.add(ResizeBilinearOp{.enlargement = Enlargement::align_corners}, {pixel, map});
          const TensorId joined = net.add(
              ConcatOp{3}, pixel_first ? std::vector<TensorId>{larger, map} : std::vector<TensorId>{map, larger});
          TensorId x = net.batch_norm(convolution(joined, c.channels + c.pooled, c.outputs), c.outputs);
          if (residual) x = net.add(AddOp{}, {added, x});
          x = net.add(ActivationOp{}, {x});
          CompileRequest request;
          request.outputs = {x};
          if (reader == Reader::wanted) request.outputs.push_back(larger);
          if (reader == Reader::other) request.outputs.push_back(convolution(larger, c.pooled, 8));
          net.network.outputs = request.outputs;
          request.input_shapes = {Shape{c.batch, c.height, c.width, 8}};
          expect_like_reference(net.network, net.parameters, request, 1e-5, 5e-3);
        }
}

// The programs of a model share its packed weights, though their steps form other blocks: with other batches, and where
// a layer inside a block is wanted.
TEST_F(CudaNetworks, ProgramsShareWeights) {
  const RandomNetwork net = random_network("mobilenet_v1:0.5:64:10");
  const auto weights = packed(gpu(), net.network, net.weights.parameters, Precision::f16).value();
  const auto answer = [&](const Weights* own, std::int64_t batch, std::vector<TensorId> wanted) {
    const auto of =
        own == nullptr ? packed(gpu(), net.network, net.weights.parameters, Precision::f16).value() : weights;
    CompileRequest request;
    request.input_shapes = {Shape{batch, 64, 64, 3}};
    request.outputs = std::move(wanted);
    const auto execution = gpu().compile(of, request).value()->open({}).value();
    const TensorMemory& input = execution->inputs()[0];
    for (std::int64_t i = 0; i < input.shape.elements(); ++i)
      reinterpret_cast<float*>(input.data)[i] = static_cast<float>(i % 101) / 50 - 1;
    EXPECT_TRUE(execution->run());
    const TensorMemory& output = execution->outputs()[0];
    const auto* const numbers = reinterpret_cast<const float*>(output.data);
    return std::vector<float>(numbers, numbers + output.shape.elements());
  };
  for (const std::int64_t batch : {1, 64, 256}) {
    std::vector<TensorId> wanted = net.network.outputs;
    EXPECT_EQ(answer(weights.get(), batch, wanted), answer(nullptr, batch, wanted)) << "batch " << batch;
    for (const Layer& layer : net.network.layers) {
      wanted = {net.network.outputs[0], layer.tensor};
      if (batch != 1) continue;
      EXPECT_EQ(answer(weights.get(), batch, wanted), answer(nullptr, batch, wanted)) << layer.name;
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
