// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Blocks in bf16 whose numbers halves do not hold: larger ones stay floats, and a run says when all are smaller.

#include <functional>
#include <limits>

#include "backend/cpu/float_network.h"
#include "base/error.h"

namespace mobilenet {
namespace {

constexpr double kTolerance = 3e-2;  // that of bf16_test.cpp

class Bf16Range : public ::testing::TestWithParam<cpu::KernelSet> {
 protected:
  void SetUp() override {
    if (GetParam().bf16_gemm == nullptr) GTEST_SKIP() << GetParam().isa << " has no products of bf16";
    ASSERT_NE(GetParam().f16_depthwise, nullptr);
  }
};

INSTANTIATE_TEST_SUITE_P(Isa, Bf16Range, testing::every_isa(), testing::isa_test_name);

// 1x1 -> depthwise -> 1x1 with random weights up to these sizes.
struct Bottleneck {
  struct Layer {
    Activation activation = Activation::none;
    float weight = 1;
  };
  static constexpr int kChannels = 32, kHidden = 64;

  Bottleneck(const Layer& expansion, const Layer& filter, float projection) {
    expand(expansion.activation,
           net.constant({kHidden, 1, 1, kChannels}, WeightLayout::ohwi, -expansion.weight, expansion.weight));
    finish(filter.activation, net.constant({1, 3, 3, kHidden}, WeightLayout::hwc, -filter.weight, filter.weight),
           projection);
  }
  // One that passes `size` times its input on to its odd channels, and takes it back there.
  explicit Bottleneck(float size) {
    const auto of = [&](int channel, float usual, float odd) { return channel % 2 == 0 ? usual : odd; };
    std::vector<float> weights(std::size_t{kHidden} * kChannels), taps(std::size_t{9} * kHidden);
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] =
          static_cast<float>(static_cast<int>(i * 5 % 11) - 5) * of(static_cast<int>(i / kChannels), 0.1f, size);
    for (std::size_t i = 0; i < taps.size(); ++i)
      taps[i] =
          static_cast<float>(static_cast<int>(i * 7 % 13) - 6) * of(static_cast<int>(i % kHidden), 0.1f, 0.01f / size);
    expand(Activation::relu6, net.constant({kHidden, 1, 1, kChannels}, WeightLayout::ohwi, std::move(weights)));
    finish(Activation::relu6, net.constant({1, 3, 3, kHidden}, WeightLayout::hwc, std::move(taps)), 1);
  }

  testing::FloatNetwork net{1};
  CompileRequest request;

 private:
  void expand(Activation activation, TensorId weights) {
    hidden_ = net.add(Conv2dOp{{}, 1, activation}, {net.input(), weights});
  }
  void finish(Activation activation, TensorId taps, float projection) {
    DepthwiseConv2dOp op;
    op.window.kernel_height = op.window.kernel_width = 3;
    op.window.padding.rule = Padding::Rule::same;
    op.activation = activation;
    const TensorId filtered = net.add(op, {hidden_, taps});
    request.outputs = {net.add(
        Conv2dOp{}, {filtered, net.constant({kChannels, 1, 1, kHidden}, WeightLayout::ohwi, -projection, projection)})};
    net.network.outputs = request.outputs;
    request.input_shapes = {Shape{1, 28, 28, kChannels}};
  }

  TensorId hidden_ = kNoTensor;
};

TEST_P(Bf16Range, LargeNumbersAreThoseOfTheReference) {
  struct Case {
    const char* name;
    Bottleneck::Layer expansion, filter;
    float projection;
  };
  constexpr float kLarge = 1e6f, kLarger = 1e30f;
  for (const Case& c : {Case{"usual", {Activation::relu6, 1}, {Activation::relu6, 1}, 1},
                        Case{"hidden, ReLU", {Activation::relu, kLarge}, {Activation::relu, 1}, 1 / kLarge},
                        Case{"hidden, linear", {Activation::none, kLarger}, {Activation::relu6, 1 / kLarger}, 1},
                        Case{"hidden, no clamp", {Activation::hard_swish, kLarge}, {Activation::relu6, 1 / kLarge}, 1},
                        Case{"sums, ReLU", {Activation::relu6, 1}, {Activation::relu, kLarge}, 1 / kLarge},
                        Case{"sums, linear", {Activation::relu6, 1}, {Activation::none, kLarger}, 1 / kLarger}}) {
    SCOPED_TRACE(c.name);
    const Bottleneck block(c.expansion, c.filter, c.projection);
    testing::expect_like_reference(block.net.network, block.net.parameters, block.request, GetParam(), {1, 2},
                                   kTolerance, Precision::bf16);
  }
}

TEST_P(Bf16Range, SmallChannelsAmongUsualOnesAreThoseOfTheReference) {
  for (const float size : {1e-3f, 1e-6f, 1e-9f, 1e-20f}) {
    SCOPED_TRACE(size);
    const Bottleneck block(size);
    testing::expect_like_reference(block.net.network, block.net.parameters, block.request, GetParam(), {1, 2},
                                   kTolerance, Precision::bf16);
  }
}

// One run on an input of `fill`, or of numbers around it, or its error.
Result<std::vector<float>> output_of(const Bottleneck& block, Precision precision, int threads, std::int64_t pictures,
                                     const std::function<void(std::span<float>)>& fill) {
  MOBILENET_TRY(const auto weights, packed(cpu::cpu_backend(), block.net.network, block.net.parameters, precision));
  CompileRequest request = block.request;
  request.input_shapes[0][0] = pictures;
  request.threads = threads;
  MOBILENET_TRY(const auto program, cpu::cpu_backend().compile(weights, request));
  MOBILENET_TRY(const auto execution, program->open({}));
  const TensorMemory& input = execution->inputs()[0];
  fill({reinterpret_cast<float*>(input.data), static_cast<std::size_t>(input.shape.elements())});
  MOBILENET_CHECK(execution->run());
  const TensorMemory& output = execution->outputs()[0];
  const auto* numbers = reinterpret_cast<const float*>(output.data);
  return std::vector<float>(numbers, numbers + output.shape.elements());
}

void fill_evenly(std::span<float> input) {
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(static_cast<int>(i * 7 % 19) - 9) / 9;
}

TEST_P(Bf16Range, ARunSaysThatAllNumbersAreTooSmall) {
  const testing::ForcedIsa forced(GetParam());
  // Without the check these were off by 10 % and all of the largest output.
  for (const float size : {1e-7f, 1e-9f}) {
    const Bottleneck block({Activation::relu6, size}, {Activation::relu6, 1}, 1 / size);
    for (const int threads : {1, 3})
      for (const std::int64_t pictures : {1, 2, 5}) {
        SCOPED_TRACE(::testing::Message() << size << ", " << threads << " threads, " << pictures << " pictures");
        const auto narrow = output_of(block, Precision::bf16, threads, pictures, fill_evenly);
        ASSERT_FALSE(narrow);
        EXPECT_EQ(narrow.error().code, ErrorCode::bad_format);
        EXPECT_TRUE(output_of(block, Precision::f32, threads, pictures, fill_evenly));
      }
  }
}

TEST_P(Bf16Range, OneSmallPictureOfABatchIsEnough) {
  const testing::ForcedIsa forced(GetParam());
  const Bottleneck block({Activation::relu6, 1}, {Activation::relu6, 1}, 1);
  for (const int threads : {1, 3}) {
    EXPECT_TRUE(output_of(block, Precision::bf16, threads, 5, fill_evenly));
    const auto narrow = output_of(block, Precision::bf16, threads, 5, [](std::span<float> input) {
      fill_evenly(input);
      for (float& x : input.last(input.size() / 5)) x *= 1e-9f;
    });
    EXPECT_FALSE(narrow);
  }
}

// Through halves, sums and bf16, and no further than the window reaches.
TEST_P(Bf16Range, NoNumberStaysNone) {
  const testing::ForcedIsa forced(GetParam());
  const Bottleneck block({Activation::relu6, 1}, {Activation::relu6, 1}, 1);
  const auto usual = output_of(block, Precision::bf16, 1, 1, fill_evenly);
  const auto broken = output_of(block, Precision::bf16, 1, 1, [](std::span<float> input) {
    fill_evenly(input);
    input[(10 * 28 + 10) * Bottleneck::kChannels + 3] = std::numeric_limits<float>::quiet_NaN();
  });
  ASSERT_TRUE(usual);
  ASSERT_TRUE(broken);
  for (std::size_t i = 0; i < usual->size(); ++i) {
    const int pixel = static_cast<int>(i) / Bottleneck::kChannels;
    if (std::abs(pixel / 28 - 10) <= 1 && std::abs(pixel % 28 - 10) <= 1)
      EXPECT_TRUE(std::isnan((*broken)[i])) << i;
    else
      EXPECT_EQ((*broken)[i], (*usual)[i]) << i;
  }
}

}  // namespace
}  // namespace mobilenet
