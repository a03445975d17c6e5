// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

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

TEST(Half, ManyAreAsOne) {
  std::vector<std::uint16_t> halves(0x10000);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  // A byte further on, as a file may hold them, and counts that are no multiple of any vector.
  std::vector<std::byte> bytes(2 * halves.size() + 1);
  std::memcpy(bytes.data() + 1, halves.data(), 2 * halves.size());
  for (const std::size_t count : {halves.size(), std::size_t{0}, std::size_t{7}, std::size_t{13}}) {
    std::vector<float> floats(count + 1, -1.0f);
    floats_of_halves(bytes.data() + 1, count, floats.data());
    for (std::size_t i = 0; i < count; ++i) {
      const float one = half_to_float(halves[i]);
      if (std::isnan(one))
        EXPECT_TRUE(std::isnan(floats[i])) << i;
      else
        EXPECT_EQ(std::bit_cast<std::uint32_t>(floats[i]), std::bit_cast<std::uint32_t>(one)) << i;
    }
    EXPECT_EQ(floats[count], -1.0f);
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
