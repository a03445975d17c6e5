// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Rounding, bounds and refusals worked out by hand. What the real runtime answers is pinned by the vectors of
// tests/backend/litert_golden_rows.inc, on whole operators.
#include "network/quantized_arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mobilenet {
namespace {

Tensor tensor_of(DataType type, std::vector<float> scales, std::vector<std::int32_t> zero_points) {
  Tensor tensor;
  tensor.name = "t";
  tensor.type = type;
  tensor.quantization = Quantization{std::move(scales), std::move(zero_points), 0};
  return tensor;
}
Tensor u8(float scale, std::int32_t zero_point) { return tensor_of(DataType::u8, {scale}, {zero_point}); }
Tensor i8(float scale, std::int32_t zero_point) { return tensor_of(DataType::i8, {scale}, {zero_point}); }

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(QuantizedArithmetic, RefusesImpossibleQuantisation) {
  const struct {
    const char* what;
    Tensor tensor;
  } cases[] = {
      {"no scale", tensor_of(DataType::u8, {}, {})},
      {"two scales", tensor_of(DataType::i8, {1, 2}, {0, 0})},
      {"scale without zero point", tensor_of(DataType::u8, {1}, {})},
      {"scale of zero", u8(0, 0)},
      {"negative scale", u8(-1, 0)},
      {"scale is not a number", u8(kNan, 0)},
      {"infinite scale", i8(kInfinity, 0)},
      {"zero point below u8", u8(1, -1)},
      {"zero point above u8", u8(1, 256)},
      {"zero point above i8", i8(1, 128)},
      {"wide integers", tensor_of(DataType::i32, {1}, {0})},
  };
  for (const auto& c : cases) {
    const auto type = affine_type(c.tensor);
    ASSERT_FALSE(type) << c.what;
    EXPECT_NE(type.error().message.find("tensor \"t\""), std::string::npos) << type.error().message;
  }
  EXPECT_TRUE(affine_type(u8(1e-30f, 255)));
  EXPECT_FALSE(shared_affine_type(u8(1, 3), u8(1, 4)));
  EXPECT_TRUE(shared_affine_type(u8(1, 3), u8(1, 3)));
}

TEST(QuantizedArithmetic, FusedBoundsRoundToEvenAfterTheZeroPoint) {
  const AffineType even{DataType::u8, 6 / 12.5f, 0};  // 6 is 12.5 steps
  EXPECT_EQ(activation_range(Activation::relu6, even), (IntegerRange{0, 12}));
  EXPECT_EQ(activation_range_half_away(Activation::relu6, even), (IntegerRange{0, 13}));
  const AffineType odd{DataType::u8, 6 / 12.5f, 3};  // 15.5
  EXPECT_EQ(activation_range(Activation::relu6, odd), (IntegerRange{3, 16}));
  EXPECT_EQ(activation_range_half_away(Activation::relu6, odd), (IntegerRange{3, 16}));
  const AffineType fine{DataType::i8, 1e-20f, -100};
  EXPECT_EQ(activation_range(Activation::relu6, fine), (IntegerRange{-100, 127}));
  EXPECT_EQ(activation_range_half_away(Activation::relu6, fine), (IntegerRange{-100, 127}));
  EXPECT_EQ(activation_range(Activation::relu, {DataType::i8, 0.1f, 127}), (IntegerRange{127, 127}));
  EXPECT_EQ(activation_range(Activation::none, even), (IntegerRange{0, 255}));
}

TEST(QuantizedArithmetic, RequantisesToTheNearestEven) {
  const IntegerRange range{-128, 127};
  EXPECT_EQ(requantize(5, 0.5f, 0, range), 2);
  EXPECT_EQ(requantize(7, 0.5f, 0, range), 4);
  EXPECT_EQ(requantize(-5, 0.5f, 0, range), -2);
  EXPECT_EQ(requantize(5, 0.5f, 1, range), 3);  // rounded before the zero point is added
  EXPECT_EQ(requantize(std::numeric_limits<std::int32_t>::max(), 255.0f, -128, range), 127);
  EXPECT_EQ(requantize(std::numeric_limits<std::int32_t>::min(), 255.0f, 127, range), -128);
  EXPECT_EQ(requantize(1 << 24 | 1, 0x1p-24f, 0, range), 1);  // 2^24 + 1 is no float
}

TEST(QuantizedArithmetic, ConvolutionScales) {
  const auto per_channel = convolution_arithmetic(i8(0.5f, 3), tensor_of(DataType::i8, {0.25f, 0.125f, 0}, {0, 0, 0}),
                                                  i8(2, -4), Activation::relu, 3);
  ASSERT_TRUE(per_channel) << per_channel.error().message;
  EXPECT_EQ(per_channel->scales, (std::vector<float>{0.0625f, 0.03125f, 0}));
  EXPECT_EQ(per_channel->range, (IntegerRange{-4, 127}));
  const auto whole = convolution_arithmetic(u8(0.5f, 3), u8(0.25f, 131), u8(2, 4), Activation::none, 2);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->scales, (std::vector<float>{0.0625f, 0.0625f}));
  EXPECT_EQ(whole->weight_zero_point, 131);

  const struct {
    const char* what;
    Tensor input, weight, output;
  } refused[] = {
      {"another type", u8(1, 0), i8(1, 0), u8(1, 0)},
      {"another output type", i8(1, 0), i8(1, 0), u8(1, 0)},
      {"i8 weight with zero point", i8(1, 0), i8(1, 1), i8(1, 0)},
      {"scales for other channels", i8(1, 0), tensor_of(DataType::i8, {1, 1, 1}, {0, 0, 0}), i8(1, 0)},
      {"fewer zero points", i8(1, 0), tensor_of(DataType::i8, {1, 1}, {0}), i8(1, 0)},
      {"u8 per channel", u8(1, 0), tensor_of(DataType::u8, {1, 1}, {0, 0}), u8(1, 0)},
      {"negative weight scale", i8(1, 0), i8(-1, 0), i8(1, 0)},
      {"infinite product", i8(1e30f, 0), i8(1e30f, 0), i8(1, 0)},
  };
  for (const auto& c : refused)
    EXPECT_FALSE(convolution_arithmetic(c.input, c.weight, c.output, Activation::none, 2)) << c.what;
}

TEST(QuantizedArithmetic, AddStaysWithinItsBits) {
  for (const float ratio : {0x1p-10f, 0.7f, 1.0f, 255.9f}) {
    const auto add = add_arithmetic(u8(ratio, 255), u8(ratio / 3, 255), u8(1, 0), Activation::none);
    ASSERT_TRUE(add) << ratio;
    EXPECT_GE(add->a_multiplier, 1 << 20);
    EXPECT_LE(add->a_multiplier, 1 << 21);
    EXPECT_GE(add->shift, 13);
    EXPECT_LE(add->shift, 30);
    EXPECT_EQ(add_element(*add, 255, 255), 0);
    EXPECT_EQ(add_element(*add, 0, 0), 0);
  }
  EXPECT_FALSE(add_arithmetic(u8(256, 0), u8(1, 0), u8(1, 0), Activation::none));
  EXPECT_FALSE(add_arithmetic(u8(1e-5f, 0), u8(1e-5f, 0), u8(1, 0), Activation::none));
  EXPECT_FALSE(add_arithmetic(u8(1, 0), i8(1, 0), u8(1, 0), Activation::none));
  const auto halves = add_arithmetic(u8(0.5f, 0), u8(0.5f, 0), u8(1, 0), Activation::none);
  EXPECT_EQ(add_element(*halves, 2, 3), 3);  // 2.5: half up
}

TEST(QuantizedArithmetic, AveragesRoundHalfAwayFromZero) {
  EXPECT_EQ(average_element(5, 2), 3);
  EXPECT_EQ(average_element(-5, 2), -3);
  EXPECT_EQ(average_element(4, 3), 1);
  EXPECT_EQ(average_element(0, 9), 0);
  // The mean of a picture rounds to even after both zero points: 2.5 here.
  const auto mean = mean_arithmetic(u8(1, 0), u8(1, 0), 2);
  ASSERT_TRUE(mean);
  EXPECT_EQ(mean_element(*mean, 5), 2);
  EXPECT_EQ(mean_element(*mean, 7), 4);
  EXPECT_EQ(mean_element(*mean, std::numeric_limits<std::int32_t>::max()), 255);
}

TEST(QuantizedArithmetic, TablesOfEqualTypesAreIdentities) {
  for (const Tensor& tensor : {u8(0.3f, 17), i8(0.3f, -17)})
    for (const ByteTable& table :
         {rescale_tables(tensor, tensor).value().vectors, rescale_tables(tensor, tensor).value().rest,
          concat_table(tensor, tensor).value(), activation_table(Activation::none, tensor, tensor).value()})
      for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(table[i], i);
  const RescaleTables shifted = rescale_tables(u8(0.3f, 128), i8(0.3f, 0)).value();
  for (std::size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(shifted.vectors[i], i ^ 0x80);
    EXPECT_EQ(shifted.rest[i], i ^ 0x80);
  }
}

// From the runtime: steps of 0.02 to steps of 0.08, so that every fourth value is a tie.
TEST(QuantizedArithmetic, TiesOfRescalingRoundUpInVectorsAndAwayBehindThem) {
  const RescaleTables tables = rescale_tables(u8(0.02f, 128), i8(0.08f, 0)).value();
  const auto value = [](const ByteTable& table, int stored) {
    return static_cast<int>(static_cast<std::int8_t>(table[static_cast<std::size_t>(stored)]));
  };
  EXPECT_EQ(value(tables.vectors, 128 + 2), 1);
  EXPECT_EQ(value(tables.rest, 128 + 2), 1);
  EXPECT_EQ(value(tables.vectors, 128 - 2), 0);
  EXPECT_EQ(value(tables.rest, 128 - 2), -1);
  EXPECT_EQ(value(tables.vectors, 128 - 6), -1);
  EXPECT_EQ(value(tables.rest, 128 - 6), -2);
  EXPECT_EQ(value(tables.vectors, 128 - 3), 0) << "rounded twice: -1.5, -1, 0";
  EXPECT_EQ(value(tables.rest, 128 - 3), -1);
  for (const int stored : {0, 127, 129, 131, 255})
    EXPECT_EQ(tables.vectors[static_cast<std::size_t>(stored)], tables.rest[static_cast<std::size_t>(stored)]);
}

TEST(QuantizedArithmetic, TablesSurviveFarScales) {
  for (const float scale : {1e-38f, 1e-20f, 1e-5f, 1e5f, 1e20f, 3e38f}) {
    // An answer or a refusal, never undefined behaviour (the sanitizer build watches).
    const auto rescaled = rescale_tables(u8(scale, 7), u8(1, 200));
    const auto joined = concat_table(u8(scale, 7), u8(1, 200));
    const auto active = activation_table(Activation::relu6, u8(scale, 7), u8(1, 200));
    const auto sigmoid = activation_table(Activation::sigmoid, u8(scale, 7), u8(1.0f / 256, 0));
    ASSERT_TRUE(sigmoid);
    EXPECT_EQ((*sigmoid)[7], 128);
    if (rescaled) {
      EXPECT_EQ(rescaled->vectors[7], 200);
      EXPECT_EQ(rescaled->rest[7], 200);
    }
    for (const auto* table : {&joined, &active})
      if (*table) {
        EXPECT_EQ((**table)[7], 200);
      }
  }
  EXPECT_FALSE(activation_table(Activation::hard_sigmoid, u8(1, 0), u8(1, 0)));
}

TEST(QuantizedArithmetic, QuantisesWhatIsNoNumber) {
  const IntegerRange range{0, 255};
  EXPECT_EQ(quantize(kNan, 1, 100, range), 255) << "as the runtime has it";
  EXPECT_EQ(quantize(kInfinity, 1, 100, range), 255);
  EXPECT_EQ(quantize(-kInfinity, 1, 100, range), 0);
  EXPECT_EQ(quantize(2.5f, 1, 100, range), 102);
  EXPECT_EQ(dequantize(90, {DataType::u8, 0.5f, 100}), -5);
}

TEST(QuantizedArithmetic, SoftmaxOfOneClassIsCertain) {
  const auto softmax = softmax_arithmetic(u8(0.1f, 0), u8(1.0f / 256, 0), 1);
  ASSERT_TRUE(softmax);
  EXPECT_EQ(softmax_element(*softmax, 1, softmax_factor(*softmax, 1)), 255);  // 256 does not fit
  EXPECT_FALSE(softmax_arithmetic(u8(0.1f, 0), u8(1.0f / 256, 0), kNan));
}

constexpr Enlargement kEnlargements[] = {Enlargement::top_left, Enlargement::align_corners,
                                         Enlargement::half_pixel_centers};

TEST(QuantizedArithmetic, ResizeTapsStayInside) {
  const struct { std::int64_t input, output; } sizes[] = {{1, 1}, {1, 33}, {33, 1}, {5, 9}, {9, 5}, {33, 513}};
  for (const auto& size : sizes)
    for (const Enlargement enlargement : kEnlargements) {
      const auto taps = resize_taps(size.input, size.output, {0, 0, enlargement});
      ASSERT_EQ(static_cast<std::int64_t>(taps.size()), size.output);
      for (const ResizeTap& tap : taps) {
        EXPECT_GE(tap.low, 0);
        EXPECT_LE(tap.low, tap.high);
        EXPECT_LT(tap.high, size.input);
        EXPECT_GE(tap.weight, 0);
        EXPECT_LE(tap.weight, 2048);
      }
      if (enlargement == Enlargement::align_corners && size.output > 1) {
        EXPECT_NEAR(static_cast<double>(taps.back().low) + static_cast<double>(taps.back().fraction),
                    static_cast<double>(size.input - 1), 1e-3);
      }
    }
  EXPECT_EQ(resize_element(10, 20, 30, 40, 1024, 1024), 25);
  EXPECT_EQ(resize_element(-128, -127, -128, -127, 1024, 0), -127);  // -127.5: half up
  EXPECT_EQ(resize_element(255, 255, 255, 255, 2048, 2048), 255);
}

// What TensorFlow Lite's own kernels answer for 2x3 numbers made 3x4, where the two ends have other scales.
TEST(QuantizedArithmetic, ResizesBetweenScales) {
  const struct {
    bool is_signed;
    Enlargement enlargement;
    std::vector<std::int32_t> expected;
  } cases[] = {
      {true, kEnlargements[0], {3, -41, 17, 90, 12, -11, -37, -54, 17, 4, -64, -126}},
      {true, kEnlargements[1], {3, -36, -7, 90, 10, -16, -25, -18, 17, 5, -43, -126}},
      {true, kEnlargements[2], {3, -34, -1, 90, 10, -14, -25, -18, 17, 6, -48, -126}},
      {false, kEnlargements[0], {3, 151, 145, 90, 12, 181, 177, 117, 17, 196, 193, 130}},
      {false, kEnlargements[1], {3, 134, 163, 90, 10, 155, 188, 110, 17, 176, 213, 130}},
      {false, kEnlargements[2], {3, 126, 159, 90, 10, 146, 183, 110, 17, 166, 208, 130}},
  };
  constexpr std::uint8_t kBytes[2][3] = {{3, 200, 90}, {17, 255, 130}};
  for (const auto& c : cases) {
    const auto rule = c.is_signed ? ResizeRule::fixed : ResizeRule::floating;
    const ResizeBilinearOp op{3, 4, c.enlargement};
    const auto at = [&](std::int32_t y, std::int32_t x) -> std::int32_t {
      return c.is_signed ? static_cast<std::int8_t>(kBytes[y][x]) : kBytes[y][x];
    };
    std::vector<std::int32_t> got;
    for (std::int64_t row = 0; row < 3; ++row)
      for (std::int64_t column = 0; column < 4; ++column) {
        const ResizeTap y = resize_tap(row, 2, 3, op, rule), x = resize_tap(column, 3, 4, op, rule);
        got.push_back(
            resize_element(rule, at(y.low, x.low), at(y.low, x.high), at(y.high, x.low), at(y.high, x.high), x, y));
      }
    EXPECT_EQ(got, c.expected) << c.is_signed << static_cast<int>(c.enlargement);
  }
  EXPECT_EQ(*resize_rule(u8(0.1f, 3), u8(0.1f, 3)), ResizeRule::shared);
  EXPECT_EQ(*resize_rule(u8(0.1f, 3), u8(0.1f, 4)), ResizeRule::floating);
}

}  // namespace
}  // namespace mobilenet
