// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The integer arithmetic of operators that read many numbers for one, equal bit for bit to TensorFlow Lite with its
// XNNPACK delegate. See quantized_arithmetic.h; tests/network pins it. The mean over any axes is mean_arithmetic there.

#include <array>
#include <cstdint>

#include "network/fixed_point.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet {

// Sum over any axes, of `count` elements: mean_element of the sum of stored integers.
Result<MeanArithmetic> sum_arithmetic(const Tensor& input, const Tensor& output, std::int64_t count);

// Maximum and minimum over any axes are those of the stored integers, whatever the scales. Fails when one end is u8 and
// the other i8.
Result<void> check_extreme(const Tensor& input, const Tensor& output);

// --- L2 normalisation of a row ---------------------------------------------------------------------------------------
// total = sum of (x - input_zero_point)^2; out = l2_element(l2, inverse_root(total), x).
struct L2Arithmetic {
  std::int32_t input_zero_point = 0;
  DataType type = DataType::u8;
  // The total of a longer row would not fit into 32 bits.
  static constexpr std::int64_t kMaxElements = 2147483647 / (255 * 255);
};
// Fails when the output is not in steps of 1/128 around the middle of its type.
Result<L2Arithmetic> l2_arithmetic(const Tensor& input, const Tensor& output);
inline std::int32_t l2_element(const L2Arithmetic& l2, FixedPoint factor, std::int32_t x) {
  const std::int32_t value = x - l2.input_zero_point;
  if (l2.type == DataType::u8)
    return IntegerRange{0, 255}.clamp(multiply_rounded_twice(value * 128, factor, Halves::away_from_zero) + 128);
  const FixedPoint times_128{factor.multiplier, factor.shift + 7};
  return IntegerRange{-128, 127}.clamp(multiply_rounded_twice(value, times_128, Halves::away_from_zero));
}

// --- Logarithm of the softmax of a row -------------------------------------------------------------------------------
// m = max x; total = sum of exponentials[m - x[i]] in float, in the order of i;
// out[i] = log_softmax_element(log_softmax, log_softmax_offset(log_softmax, m, total), x[i]).
struct LogSoftmaxArithmetic {
  std::array<float, 256> exponentials{};  // by distance from the row's maximum
  float input_scale = 1, ratio = 1;       // ratio: of input to output
  AffineType output;
};
// Fails when the output is not in steps of 1/16 below the largest integer of its type.
Result<LogSoftmaxArithmetic> log_softmax_arithmetic(const Tensor& input, const Tensor& output);
inline float log_softmax_offset(const LogSoftmaxArithmetic& log_softmax, std::int32_t maximum, float total) {
  const float largest = log_softmax.input_scale * static_cast<float>(maximum);
  return (largest + static_cast<float>(std::log(static_cast<double>(total)))) / log_softmax.output.scale;
}
inline std::int32_t log_softmax_element(const LogSoftmaxArithmetic& log_softmax, float offset, std::int32_t x) {
  const float scaled = log_softmax.ratio * static_cast<float>(x);
  const float steps = scaled - offset;
  // At most 0, but for rounding; what is below the type is cut off before the conversion.
  const float bounded = steps > -512.0f ? std::min(steps, 512.0f) : -512.0f;
  return type_range(log_softmax.output.type).clamp(round_to_even(bounded) + log_softmax.output.zero_point);
}

}  // namespace mobilenet
