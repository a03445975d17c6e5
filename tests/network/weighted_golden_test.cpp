// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Layers with weights of 4 bits or with 16-bit activations against hashes of what the real runtime answers
// (make_int16_golden.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>

#include "base/error.h"
#include "network/fixed_convolution.h"
#include "network/golden.h"
#include "network/quantized_int16.h"

namespace mobilenet {
namespace {

using testing::drawn;
using testing::Drawn;
using testing::drawn_of;
using testing::Hash;
using testing::Scale;
using testing::tensor_of;

enum class Weighted { convolution16, depthwise16, dense16, int4_convolution, int4_depthwise, int4_dense, transposed };
enum class Bias { none, i32, i64 };

struct WeightedRow {
  Weighted kind;
  DataType type;
  Scale input;
  float weight_scale;
  bool per_channel;
  Scale output;
  Activation activation;
  Bias bias;
  int pixels, inputs, outputs;
  std::uint32_t seed;
  std::uint64_t hash;
};
const WeightedRow kRows[] = {
#include "network/weighted_golden_rows.inc"
};

bool is_depthwise(const WeightedRow& row) {
  return row.kind == Weighted::depthwise16 || row.kind == Weighted::int4_depthwise;
}
bool is_int4(const WeightedRow& row) {
  return row.kind == Weighted::int4_convolution || row.kind == Weighted::int4_depthwise ||
         row.kind == Weighted::int4_dense;
}

Tensor weight_of(const WeightedRow& row) {
  Tensor weight = tensor_of(DataType::i8, {row.weight_scale, 0});
  for (int channel = 1; row.per_channel && channel < row.outputs; ++channel) {
    weight.quantization->scales.push_back(row.weight_scale * (1 + static_cast<float>(channel) / 16));
    weight.quantization->zero_points.push_back(0);
  }
  return weight;
}

// Of each pixel and each output, without a stride: kernels are of one pixel.
std::vector<std::int64_t> sums_of(const WeightedRow& row) {
  const auto pixels = static_cast<std::size_t>(row.pixels), inputs = static_cast<std::size_t>(row.inputs);
  const auto outputs = static_cast<std::size_t>(row.outputs);
  const auto x = drawn(drawn_of(row.type), row.seed, pixels * inputs);
  const Drawn kind = is_int4(row) ? Drawn::int4 : Drawn::i8;
  const auto w = drawn(kind, row.seed + 1, is_depthwise(row) ? outputs : outputs * inputs);
  std::vector<std::int64_t> sums(pixels * outputs);
  for (std::size_t p = 0; p < pixels; ++p)
    for (std::size_t o = 0; o < outputs; ++o) {
      std::int64_t& sum = sums[p * outputs + o];
      if (is_depthwise(row)) {
        sum = std::int64_t{x[p * inputs + o] - row.input.zero_point} * w[o];
        continue;
      }
      for (std::size_t i = 0; i < inputs; ++i)
        sum += std::int64_t{x[p * inputs + i] - row.input.zero_point} * w[o * inputs + i];
    }
  return sums;
}

std::vector<std::int64_t> biases_of(const WeightedRow& row) {
  std::vector<std::int64_t> biases(static_cast<std::size_t>(row.outputs));
  if (row.bias == Bias::none) return biases;
  const auto numbers = drawn(Drawn::bias, row.seed + 2, biases.size());
  std::copy(numbers.begin(), numbers.end(), biases.begin());
  return biases;
}

// From a sum with its bias, and a channel, to the stored output.
using Element = std::function<std::int32_t(std::int64_t, std::size_t)>;

Result<Element> element_of(const WeightedRow& row) {
  const Tensor input = tensor_of(row.type, row.input), output = tensor_of(row.type, row.output);
  const Tensor weight = weight_of(row);
  const auto fixed = [&](FixedLayer layer) -> Result<Element> {
    MOBILENET_TRY(auto convolution,
                  fixed_convolution_arithmetic(layer, input, weight, output, row.activation, row.outputs));
    return Element([convolution = std::move(convolution)](std::int64_t sum, std::size_t channel) {
      return fixed_convolution_element(convolution, static_cast<std::int32_t>(sum), static_cast<int>(channel));
    });
  };
  switch (row.kind) {
    case Weighted::convolution16:
    case Weighted::depthwise16: {
      MOBILENET_TRY(auto convolution, int16_convolution_arithmetic(input, weight, output, row.activation, row.outputs));
      return Element([convolution = std::move(convolution)](std::int64_t sum, std::size_t channel) {
        return int16_convolution_element(convolution.factors[channel], sum, convolution.range);
      });
    }
    case Weighted::dense16: {
      const bool wide = row.bias == Bias::i64;
      MOBILENET_TRY(auto dense, int16_dense_arithmetic(input, weight, output, row.activation, row.outputs,
                                                       wide ? Int16Bias::i64 : Int16Bias::none_or_i32));
      return Element([dense = std::move(dense), wide](std::int64_t sum, std::size_t channel) {
        const FixedPoint factor = dense.factors[channel];
        return wide ? int16_dense_wide_element(factor, sum, dense.range)
                    : int16_dense_element(factor, static_cast<std::int32_t>(sum), dense.range);
      });
    }
    case Weighted::int4_convolution:
      return fixed(FixedLayer::int4_convolution);
    case Weighted::int4_depthwise:
      return fixed(FixedLayer::int4_depthwise);
    case Weighted::int4_dense:
      return fixed(FixedLayer::int4_dense);
    case Weighted::transposed:
      return fixed(FixedLayer::transposed);
  }
  return fixed(FixedLayer::transposed);
}

TEST(WeightedLayers, AsTheRuntimeHasThem) {
  int number = 0;
  for (const WeightedRow& row : kRows) {
    SCOPED_TRACE("row " + std::to_string(++number));
    const auto element = element_of(row);
    ASSERT_TRUE(element) << element.error().message;
    const auto sums = sums_of(row), biases = biases_of(row);
    const bool gaps = row.kind == Weighted::transposed;
    const auto outputs = biases.size(), pixels = static_cast<std::size_t>(row.pixels);
    Hash hash;
    // In steps of 2, every other pixel and row is nothing but bias.
    for (std::size_t p = 0; p < (gaps ? 4 : 1) * pixels; ++p)
      for (std::size_t channel = 0; channel < outputs; ++channel) {
        const bool gap = gaps && (p % 2 == 1 || p >= 2 * pixels);
        const std::int64_t products = gap ? 0 : sums[(gaps ? p / 2 : p) * outputs + channel];
        hash.add(row.type, (*element)(products + biases[channel], channel));
      }
    EXPECT_EQ(hash.value(), row.hash);
  }
}

TEST(WeightedLayers, UnpacksTheLowerHalfFirst) {
  const std::byte packed[] = {std::byte{0x8f}, std::byte{0x70}};
  const int expected[] = {-1, -8, 0, 7};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(int4_weight(packed, i), expected[i]);
}

TEST(WeightedLayers, OneArithmeticIsChosenForEachLayer) {
  Tensor weight = tensor_of(DataType::i8, {0.1f, 0});
  weight.shape = {4, 3, 3, 5};
  EXPECT_FALSE(fixed_layer(Conv2dOp{}, weight));
  weight.int4 = true;
  EXPECT_EQ(fixed_layer(Conv2dOp{}, weight), FixedLayer::int4_convolution);
  EXPECT_EQ(fixed_layer(DepthwiseConv2dOp{}, weight), FixedLayer::int4_depthwise);
  weight.shape = {4, 5};
  EXPECT_EQ(fixed_layer(DenseOp{}, weight), FixedLayer::int4_dense);
  EXPECT_EQ(fixed_layer(Conv2dOp{}, weight), FixedLayer::int4_dense);  // of every row of a map
  weight.shape = {4, 6};
  EXPECT_FALSE(fixed_layer(DenseOp{}, weight));
  TransposeConv2dOp transposed;
  transposed.window.padding.rule = Padding::Rule::same;
  EXPECT_FALSE(fixed_layer(transposed, weight));
  transposed.window.stride_width = 2;
  EXPECT_EQ(fixed_layer(transposed, weight), FixedLayer::transposed);
}

TEST(WeightedLayers, FixedConvolutionsRefuseAndSurvive) {
  const Tensor i8 = tensor_of(DataType::i8, {0.1f, 0}), u8 = tensor_of(DataType::u8, {0.1f, 0});
  EXPECT_FALSE(fixed_convolution_arithmetic(FixedLayer::int4_convolution, u8, u8, u8, Activation::none, 1));
  EXPECT_TRUE(fixed_convolution_arithmetic(FixedLayer::transposed, i8, i8, i8, Activation::none, 1));
  for (const float scale : {0.0f, 1e-30f, 1e-3f, 9.99f, 10.0f, 1e30f})
    if (const auto convolution = fixed_convolution_arithmetic(
            FixedLayer::int4_convolution, i8, tensor_of(DataType::i8, {scale, 0}), i8, Activation::none, 1)) {
      for (const std::int32_t sum : {std::numeric_limits<std::int32_t>::min(), 2147483647})
        EXPECT_LE(std::abs(fixed_convolution_element(*convolution, sum, 0)), 128);
    }
}

}  // namespace
}  // namespace mobilenet
