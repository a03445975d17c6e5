// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mobilenet {
namespace {

TEST(Half, EveryHalfSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    else
      EXPECT_EQ(float_to_half(value), half) << value;
  }
}

TEST(Half, IsItsFormula) {
  for (std::uint32_t half = 0; half < 0x8000; ++half) {
    const int exponent = static_cast<int>(half >> 10), mantissa = static_cast<int>(half & 0x3ff);
    const float value = half_to_float(static_cast<std::uint16_t>(half));
    EXPECT_EQ(std::signbit(value), false);
    EXPECT_TRUE(std::signbit(half_to_float(static_cast<std::uint16_t>(half | 0x8000))));
    if (exponent == 31)
      EXPECT_TRUE(mantissa == 0 ? std::isinf(value) : std::isnan(value)) << half;
    else
      EXPECT_EQ(static_cast<double>(value),
                exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25))
          << half;
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), float_to_half(1.0f));          // a tie goes to the even mantissa
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), float_to_half(1.0f) + 2);  // this one up
  EXPECT_EQ(float_to_half(1.0f + 0x1.8p-11f), float_to_half(1.0f) + 1);
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);  // largest that still rounds down
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(0x1p-25f), 0);  // half of the smallest: tie to zero
  EXPECT_EQ(float_to_half(0x1.8p-25f), 1);
  EXPECT_EQ(float_to_half(-0.0f), 0x8000);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
}

}  // namespace
}  // namespace mobilenet
