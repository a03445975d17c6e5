// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Real factors as 31-bit fractions, and products with them rounded as TensorFlow Lite's own kernels do.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace mobilenet {

// A real factor as a fraction and a power of two: factor = multiplier * 2^(shift - 31).
struct FixedPoint {
  std::int64_t multiplier = 0;
  int shift = 0;
};
inline FixedPoint fixed_point(double factor) {
  FixedPoint fixed;
  const double fraction = std::frexp(factor, &fixed.shift);
  fixed.multiplier = static_cast<std::int64_t>(std::llround(fraction * 2147483648.0));
  if (fixed.multiplier == std::int64_t{1} << 31) {
    fixed.multiplier /= 2;
    ++fixed.shift;
  }
  if (fixed.shift < -31) return {};  // too small to be told from zero
  return fixed;
}

// The factors for which multiply_rounded_twice neither overflows, of a difference of bytes, nor shifts all away.
inline bool usable_factor(double factor) { return factor > 0x1p-30 && factor < 0x1p20; }

enum class Halves { up, away_from_zero };

// The high half of 2 a b, rounded to the nearest; halves away from zero.
inline std::int32_t doubled_high_product(std::int64_t a, std::int64_t b) {
  const std::int64_t product = a * b, half = std::int64_t{1} << 30;
  return static_cast<std::int32_t>((product >= 0 ? product + half : product + 1 - half) / (std::int64_t{1} << 31));
}

// value / 2^shift to the nearest, for a shift of 0..31.
inline std::int32_t shift_rounded(std::int32_t value, int shift, Halves halves) {
  if (shift == 0) return value;
  const std::int64_t lower = halves == Halves::away_from_zero && value < 0 ? std::int64_t{value} - 1 : value;
  return static_cast<std::int32_t>((lower + (std::int64_t{1} << (shift - 1))) >> shift);
}

// value * factor, rounded after the 31-bit product and once more after the remaining right shift, where vectors round
// halves up and single elements away from zero.
inline std::int32_t multiply_rounded_twice(std::int32_t value, FixedPoint factor, Halves halves) {
  const std::int64_t shifted = static_cast<std::int64_t>(value) * (std::int64_t{1} << std::max(factor.shift, 0));
  return shift_rounded(doubled_high_product(shifted, factor.multiplier), std::max(-factor.shift, 0), halves);
}

// 2^31 / (1 + fraction / 2^31) for a fraction in [0, 2^31), by Newton's method as gemmlowp does it.
inline std::int32_t reciprocal_of_one_plus(std::int32_t fraction) {
  constexpr std::int32_t k48Over17 = 1515870810, k32Over17 = 1010580540, kOne = 1 << 29;  // with 29 bits of fraction
  // Half of 1 + fraction, halves away from zero.
  const auto half = static_cast<std::int32_t>((std::int64_t{fraction} + 2147483647 + 1) / 2);
  std::int32_t x = k48Over17 + doubled_high_product(half, -k32Over17);
  for (int step = 0; step < 3; ++step) x += 4 * doubled_high_product(x, kOne - doubled_high_product(half, x));
  return static_cast<std::int32_t>(std::min<std::int64_t>(std::int64_t{2} * x, 2147483647));
}

// 1 / sqrt(value) of a positive integer, by Newton's method with 3 integer bits; below 2, just less than 1.
inline FixedPoint inverse_root(std::int32_t value) {
  if (value <= 1) return {2147483647, 0};
  int shift = -11;
  for (; value >= 1 << 29; value /= 4) --shift;
  const int pairs = (std::countl_zero(static_cast<std::uint32_t>(value)) - 1) / 2 - 1;  // of bits to spare
  const std::int32_t quarter = shift_rounded((value << (2 * pairs)) >> 1, 1, Halves::away_from_zero);
  constexpr std::int32_t kOneAndHalf = (1 << 28) + (1 << 27), kHalfRootOfTwo = 1518500250;
  std::int32_t x = 1 << 28;
  for (int step = 0; step < 5; ++step) {
    const std::int32_t cube = doubled_high_product(doubled_high_product(x, x), x) * (1 << 6);
    x = (doubled_high_product(kOneAndHalf, x) - doubled_high_product(quarter, cube)) * (1 << 3);
  }
  return {doubled_high_product(x, kHalfRootOfTwo), shift + pairs};
}

}  // namespace mobilenet
