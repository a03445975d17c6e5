// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The integer arithmetic of operators on single numbers and on pairs of them, equal bit for bit to TensorFlow Lite with
// its XNNPACK delegate, which leaves scales that it does not like, and most of these operators, to TensorFlow Lite's
// own kernels: they round differently. See quantized_arithmetic.h; tests/network pins it.

#include <array>
#include <cstdint>
#include <variant>

#include "network/fixed_point.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet {

// --- Two numbers ---------------------------------------------------------------------------------------------------
// One struct a formula, called with the stored integers of a and b; operators that compute in the same way share one.

// add and subtract, which is the addition of a negative multiplier.
struct SumElement {
  AddArithmetic add;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return add_element(add, a, b); }
};

// The same where an input is too fine for a delegate's multiplier: both are brought to twice the larger scale with 20
// bits of fraction. `b_factor` is negative in a subtraction.
struct FineSumElement {
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  FixedPoint a_factor, b_factor, output_factor;
  IntegerRange range;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const {
    const std::int32_t a_scaled =
        multiply_rounded_twice((a - a_zero_point) * (1 << 20), a_factor, Halves::away_from_zero);
    const std::int32_t b_scaled =
        multiply_rounded_twice((b - b_zero_point) * (1 << 20), b_factor, Halves::away_from_zero);
    return range.clamp(multiply_rounded_twice(a_scaled + b_scaled, output_factor, Halves::away_from_zero) +
                       output_zero_point);
  }
};

// multiply
struct ProductElement {
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  float scale = 1;
  IntegerRange range;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const {
    return requantize((a - a_zero_point) * (b - b_zero_point), scale, output_zero_point, range);
  }
};

// The same for products too fine for the delegate.
struct FineProductElement {
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  FixedPoint factor;
  IntegerRange range;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const {
    const std::int32_t product = (a - a_zero_point) * (b - b_zero_point);
    return range.clamp(multiply_rounded_twice(product, factor, Halves::away_from_zero) + output_zero_point);
  }
};

// divide. The runtime refuses to divide by zero, which gives an end of the range here. Where its last shift is beyond
// 31 bits, as for every quotient near zero, it answers what an x86 processor makes of that, and so does this.
struct QuotientElement {
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  FixedPoint factor;
  IntegerRange range;
  // Of 1..255, as a fraction of 31 bits of what its leading bit leaves; others are computed as they come.
  std::array<std::int32_t, 256> reciprocals{};
  std::int32_t operator()(std::int32_t a, std::int32_t b) const;
};

// minimum and maximum compare stored integers, whatever the scales.
struct MinimumElement {
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return a < b ? a : b; }
};
struct MaximumElement {
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return a < b ? b : a; }
};

// i8 only. Both inputs are brought to twice the larger scale with 7 bits of fraction.
struct SquaredDifferenceElement {
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  FixedPoint a_factor, b_factor, output_factor;
  IntegerRange range;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const {
    const std::int32_t difference =
        multiply_rounded_twice((a - a_zero_point) * (1 << 7), a_factor, Halves::away_from_zero) -
        multiply_rounded_twice((b - b_zero_point) * (1 << 7), b_factor, Halves::away_from_zero);
    return range.clamp(multiply_rounded_twice(difference * difference, output_factor, Halves::away_from_zero) +
                       output_zero_point);
  }
};

// a, and a b where a is negative.
struct PreluElement {
  std::int32_t a_zero_point = 0, b_zero_point = 0, output_zero_point = 0;
  FixedPoint a_factor, product_factor;
  IntegerRange range;
  std::int32_t operator()(std::int32_t a, std::int32_t b) const {
    const std::int32_t value = a - a_zero_point;
    const std::int32_t scaled =
        value >= 0 ? multiply_rounded_twice(value, a_factor, Halves::away_from_zero)
                   : multiply_rounded_twice(value * (b - b_zero_point), product_factor, Halves::away_from_zero);
    return range.clamp(scaled + output_zero_point);
  }
};

// std::visit it outside of a loop, and the loop is compiled for each formula.
using BinaryArithmetic = std::variant<SumElement, FineSumElement, ProductElement, FineProductElement, QuotientElement,
                                      MinimumElement, MaximumElement, SquaredDifferenceElement, PreluElement>;
// Fails when the three types differ, when the kind has no integer form for them, or when the scales are too far apart.
Result<BinaryArithmetic> binary_arithmetic(BinaryKind kind, const Tensor& a, const Tensor& b, const Tensor& output,
                                           Activation activation);
inline std::int32_t binary_element(const BinaryArithmetic& arithmetic, std::int32_t a, std::int32_t b) {
  return std::visit([a, b](const auto& element) { return element(a, b); }, arithmetic);
}

// --- One number ----------------------------------------------------------------------------------------------------
// Fails for square, and for u8 but in leaky_relu and tanh: the runtime has no such integers either. What it refuses to
// compute is nearby: roots of negative numbers are those of zero, or the largest integer.
Result<ByteTable> unary_table(const UnaryOp& op, const Tensor& input, const Tensor& output);
Result<ByteTable> hard_swish_table(const Tensor& input, const Tensor& output);

}  // namespace mobilenet
