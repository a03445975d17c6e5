// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolutions by every kernel of kernels/wide.cu, against `reference`, and the layout of their weights, for which no
// GPU is needed.

#include "backend/cuda/steps/wide.h"

#include <cmath>
#include <string>
#include <vector>

#include "backend/cuda/gpu.h"
#include "backend/float_network.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

// As matrix units go through a stage in shared memory: eight lines of 128 bytes are a piece of 1024, and bits 4 to 6 of
// an address are swapped by bits 7 to 9.
std::size_t read_place(std::size_t start, std::size_t line, std::size_t half) {
  const std::size_t at = start + line / 8 * 1024 + line % 8 * 128 + half * 2;
  return at ^ (at >> 7 & 7) << 4;
}

TEST(WideWeights, LieWhereProductsRead) {
  for (const int columns : {8, 128, 273, 512})
    for (const int depth : {8, 64, 72, 320}) {
      const int padded = (depth + cuda::kStepDepth - 1) / cuda::kStepDepth * cuda::kStepDepth;
      const auto steps = static_cast<std::size_t>(padded / cuda::kStepDepth);
      constexpr std::size_t kGroupBytes = std::size_t{cuda::kWideGroup} * cuda::kStepDepth * 2;
      for (int column = 0; column < columns; ++column)
        for (int d = 0; d < depth; ++d) {
          const auto group = static_cast<std::size_t>(column / cuda::kWideGroup);
          const auto step = static_cast<std::size_t>(d / cuda::kStepDepth);
          // Of sixteen halves along the depth, each of which is a product of its own.
          const std::size_t start = static_cast<std::size_t>(d % cuda::kStepDepth / 16) * 32;
          const auto line = static_cast<std::size_t>(column % cuda::kWideGroup);
          ASSERT_EQ(cuda::wide_place(column, d, padded),
                    (group * steps + step) * kGroupBytes + read_place(start, line, static_cast<std::size_t>(d % 16)))
              << "column " << column << " of " << columns << ", depth " << d << " of " << depth;
        }
    }
}

TEST(WideWeights, FitIntoTheMemoryOfABlock) {
  constexpr unsigned kOfABlock = 227 * 1024, kOfAMultiprocessor = 228 * 1024, kOwn = 1024;  // of the driver, a block
  for (const cuda::WideKernel& kernel : cuda::kWideKernels) {
    SCOPED_TRACE(kernel.name);
    EXPECT_LE(kernel.shared_bytes(), kOfABlock);
    EXPECT_LE(static_cast<unsigned>(kernel.each) * (kernel.shared_bytes() + kOwn), kOfAMultiprocessor);
    EXPECT_LE(kernel.stages, cuda::kWideBarriers);
  }
}

struct WideCase {
  int height, width, batch, channels, outputs;
  int kernel, stride, dilation;
  Activation activation;
  bool residual;
  bool halves;  // of the output
};
constexpr WideCase kCases[] = {
    // Rows, columns and depths that are whole tiles, and those that are not.
    {3, 3, 1, 8, 8, 1, 1, 1, Activation::none, false, true},
    {1, 1, 9, 64, 72, 1, 1, 1, Activation::relu6, false, true},
    {7, 9, 1, 16, 24, 1, 1, 1, Activation::relu6, false, true},
    {8, 16, 1, 64, 128, 1, 1, 1, Activation::none, false, true},
    {8, 16, 1, 64, 256, 1, 1, 1, Activation::none, false, true},
    {24, 16, 1, 128, 256, 1, 1, 1, Activation::relu6, false, true},
    {10, 13, 1, 72, 200, 1, 1, 1, Activation::hard_swish, false, true},
    {10, 30, 1, 8, 72, 1, 1, 1, Activation::relu6, false, true},
    {17, 17, 1, 64, 256, 1, 1, 1, Activation::relu6, false, false},
    {19, 19, 2, 40, 273, 1, 1, 1, Activation::none, false, false},
    {19, 19, 1, 64, 273, 1, 1, 1, Activation::none, false, true},
    {7, 7, 1, 512, 273, 1, 1, 1, Activation::none, false, false},
    {30, 30, 1, 16, 136, 1, 1, 1, Activation::relu6, false, true},
    // Depths that go around the stages, some of them often.
    {11, 12, 1, 320, 200, 1, 1, 1, Activation::relu6, false, true},
    {5, 13, 1, 320, 1280, 1, 1, 1, Activation::relu6, false, true},
    {10, 13, 1, 456, 128, 1, 1, 1, Activation::none, false, true},
    {7, 7, 2, 512, 512, 1, 1, 1, Activation::relu6, false, true},
    {6, 7, 1, 1024, 512, 1, 1, 1, Activation::relu6, false, true},
    {13, 20, 1, 1024, 72, 1, 1, 1, Activation::hard_swish, false, false},
    // Residuals.
    {14, 14, 1, 256, 256, 1, 1, 1, Activation::none, true, true},
    {9, 11, 1, 512, 512, 1, 1, 1, Activation::none, true, false},
    {12, 25, 1, 72, 72, 1, 1, 1, Activation::none, true, true},
    // Windows of more than a pixel.
    {13, 15, 3, 8, 72, 3, 2, 1, Activation::relu6, false, true},
    {9, 9, 2, 64, 128, 3, 1, 2, Activation::none, false, true},
    {8, 8, 5, 40, 200, 3, 2, 1, Activation::relu6, false, false},
    {21, 17, 2, 16, 24, 1, 2, 1, Activation::none, false, true},
    {16, 12, 1, 16, 256, 5, 1, 1, Activation::hard_swish, false, true},
};

class CudaWide : public OnGpu {
 protected:
  void SetUp() override {
    OnGpu::SetUp();
    if (IsSkipped()) return;
    const auto device = cuda::device();
    ASSERT_TRUE(device) << device.error().message;
    if (!cuda::has_wide(**device)) GTEST_SKIP() << "the build or the GPU has none of these kernels";
  }
  // By each of the kernels, or by those that are chosen.
  enum class By { each, choice };
  void expect_like_reference(const WideCase& c, By by) {
    constexpr double kTolerance = 5e-3;
    SCOPED_TRACE(::testing::Message() << c.batch << "x" << c.height << "x" << c.width << "x" << c.channels << " to "
                                      << c.outputs << ", kernel " << c.kernel << ", stride " << c.stride
                                      << ", dilation " << c.dilation << (c.residual ? ", residual" : "")
                                      << (c.halves ? ", halves" : ", floats"));
    FloatNetwork net(5);
    const auto convolution = [&](TensorId x, int in, int out, int kernel, const Conv2dOp& op) {
      const float most = 1.5f / std::sqrt(static_cast<float>(in * kernel * kernel));
      return net.add(op, {x, net.constant({out, kernel, kernel, in}, WeightLayout::ohwi, -most, most),
                          net.vector(out, -0.2f, 0.2f)});
    };
    const TensorId input = convolution(net.input(), 8, c.channels, 1, {});  // so that the next one reads halves
    Conv2dOp op;
    op.window = {c.kernel, c.kernel, c.stride, c.stride, c.dilation, c.dilation, {Padding::Rule::same}};
    op.activation = c.activation;
    TensorId x = convolution(input, c.channels, c.outputs, c.kernel, op);
    if (c.residual) x = net.add(AddOp{}, {input, x});
    if (c.halves)
      x = net.add(PoolOp{PoolKind::max, {}, Activation::none}, {x});  // copies; what networks end with is floats
    net.network.outputs = {x};
    CompileRequest request;
    request.input_shapes = {Shape{c.batch, c.height, c.width, 8}};
    request.outputs = {x};
    Answers expected;
    run_network(reference_backend(), net.network, net.parameters, request, 1, expected);
    const auto compare = [&](const char* name) {
      Answers got;
      run_network(gpu(), net.network, net.parameters, request, 1, got, Precision::f16);
      ASSERT_EQ(got.tensors.size(), 1u);
      EXPECT_LE(relative_difference(got.tensors[0], expected.tensors[0]), kTolerance) << name;
    };
    if (by == By::choice) return compare("the chosen kernel");
    for (const cuda::WideKernel& kernel : cuda::kWideKernels) {
      const cuda::OnlyWide only(kernel);
      compare(kernel.name);
    }
  }
};

TEST_F(CudaWide, LikeTheReference) {
  for (const WideCase& c : kCases) expect_like_reference(c, By::each);
}

// Some blocks for every multiprocessor, one after another.
TEST_F(CudaWide, ManyRowsLikeTheReference) {
  constexpr WideCase kMany[] = {
      {160, 130, 1, 128, 256, 1, 1, 1, Activation::relu6, false, true},
      {57, 61, 13, 128, 136, 1, 1, 1, Activation::relu6, false, true},
      {59, 63, 5, 256, 520, 1, 1, 1, Activation::none, false, true},
  };
  for (const WideCase& c : kMany) {
    expect_like_reference(c, By::choice);
    expect_like_reference(c, By::each);
  }
}

TEST_F(CudaWide, AreChosenForManyRowsAndColumns) {
  const cuda::Device& device = **cuda::device();
  cuda::ConvolutionArguments arguments{};
  arguments.images = 1, arguments.in_height = arguments.in_width = 224;
  arguments.out_height = arguments.out_width = 224;
  arguments.in_channels = arguments.depth = arguments.out_channels = 512;
  EXPECT_NE(cuda::wide_kernel(device, arguments), nullptr);
  arguments.out_channels = 64;
  EXPECT_EQ(cuda::wide_kernel(device, arguments), nullptr);
  arguments.out_channels = 512, arguments.in_height = arguments.out_height = 1;
  EXPECT_EQ(cuda::wide_kernel(device, arguments), nullptr);
}

}  // namespace
}  // namespace mobilenet::testing
