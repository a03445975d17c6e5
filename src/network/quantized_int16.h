// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The arithmetic of networks with 16-bit activations and 8-bit weights, equal bit for bit to TensorFlow Lite, whose
// XNNPACK delegate leaves all of them to TensorFlow Lite's own kernels. Zero points of 16-bit tensors are 0. See
// quantized_arithmetic.h; tests/network pins it. Pools are those of 8 bits: average_element, clamped to the bounds of
// the activation; padding, joins and maxima are of stored integers, whatever the scales.

#include <array>
#include <cstdint>
#include <vector>

#include "network/fixed_point.h"
#include "network/int16_curve.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet {

inline constexpr IntegerRange kInt16Range{-32768, 32767};

// Fails when the tensor is not i16 with one positive, finite scale and a zero point of 0.
Result<float> int16_scale(const Tensor& tensor);
// What a fused or stand-alone clamp leaves; bounds are rounded half away from zero.
IntegerRange int16_activation_range(Activation activation, float output_scale);

// --- Convolution, depthwise ------------------------------------------------------------------------------------------
// sum (64 bits) = bias + sum of x * w, the bias of 64 bits or none; a fraction of 16 bits brings it to the output.
// |sum| < 2^46, for which a bias is bounded when it is loaded: a larger one saturates whatever the products are.
inline std::int64_t int16_bounded_bias(std::int64_t bias) {
  return std::clamp(bias, -(std::int64_t{1} << 45), std::int64_t{1} << 45);
}
// Every value of a bias of i64 or i32, bounded.
Result<std::vector<std::int64_t>> int16_bias(const Parameter& bias);
struct Int16ConvolutionArithmetic {
  struct Factor {
    std::int64_t multiplier = 0;
    int right_shift = 1;
  };
  std::vector<Factor> factors;  // one per output channel
  IntegerRange range;
};
Result<Int16ConvolutionArithmetic> int16_convolution_arithmetic(const Tensor& input, const Tensor& weight,
                                                                const Tensor& output, Activation activation,
                                                                int outputs);
inline std::int32_t int16_convolution_element(Int16ConvolutionArithmetic::Factor factor, std::int64_t sum,
                                              IntegerRange range) {
  const std::int64_t half = std::int64_t{1} << (factor.right_shift - 1);
  const std::int64_t scaled = (sum * factor.multiplier + half) >> factor.right_shift;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(scaled, range.low, range.high));
}

// --- Dense -----------------------------------------------------------------------------------------------------------
// The bias decides how the sum is rounded: once, half away from zero, where it has 64 bits; else twice, halves up.
enum class Int16Bias { none_or_i32, i64 };
struct Int16DenseArithmetic {
  std::vector<FixedPoint> factors;  // one per output
  IntegerRange range;
};
Result<Int16DenseArithmetic> int16_dense_arithmetic(const Tensor& input, const Tensor& weight, const Tensor& output,
                                                    Activation activation, int outputs, Int16Bias bias);
// Where the bias has 32 bits or there is none.
inline std::int32_t int16_dense_element(FixedPoint factor, std::int32_t sum, IntegerRange range) {
  return range.clamp(multiply_rounded_twice(sum, factor, Halves::up));
}
// Where it has 64 bits; |sum| < 2^46.
std::int32_t int16_dense_wide_element(FixedPoint factor, std::int64_t sum, IntegerRange range);

// --- Two maps --------------------------------------------------------------------------------------------------------
// add, subtract: inputs are brought to twice the larger scale with 15 bits of fraction. `b_factor` is negative in a
// subtraction, which rounds what an addition rounds once (its shifts take bits that are zero) a second time.
struct Int16SumArithmetic {
  BinaryKind kind = BinaryKind::add;
  FixedPoint a_factor, b_factor, output_factor;
  IntegerRange range;
};
Result<Int16SumArithmetic> int16_sum_arithmetic(BinaryKind kind, const Tensor& a, const Tensor& b, const Tensor& output,
                                                Activation activation);
std::int32_t int16_sum_element(const Int16SumArithmetic& sum, std::int32_t a, std::int32_t b);

struct Int16ProductArithmetic {
  FixedPoint factor;
  IntegerRange range;
};
Result<Int16ProductArithmetic> int16_product_arithmetic(const Tensor& a, const Tensor& b, const Tensor& output,
                                                        Activation activation);
inline std::int32_t int16_product_element(const Int16ProductArithmetic& product, std::int32_t a, std::int32_t b) {
  return product.range.clamp(multiply_rounded_twice(a * b, product.factor, Halves::away_from_zero));
}

// --- Mean, sum -------------------------------------------------------------------------------------------------------
// Of `count` elements over any axes.
Result<FixedPoint> int16_mean_factor(const Tensor& input, const Tensor& output, std::int64_t count);
inline std::int32_t int16_mean_element(FixedPoint factor, std::int64_t sum) {
  return kInt16Range.clamp(multiply_rounded_twice(static_cast<std::int32_t>(sum), factor, Halves::away_from_zero));
}

// The mean or the sum of `count` elements over any axes, from their sum: a sum is rounded in floats.
struct Int16TotalArithmetic {
  ReduceKind kind = ReduceKind::mean;
  FixedPoint factor;  // of a mean
  float ratio = 1;    // of a sum
  std::int32_t operator()(std::int64_t sum) const {
    if (kind == ReduceKind::mean) return int16_mean_element(factor, sum);
    const float steps = std::round(static_cast<float>(sum) * ratio);
    return static_cast<std::int32_t>(std::clamp(steps, -32768.0f, 32767.0f));
  }
};
Result<Int16TotalArithmetic> int16_total_arithmetic(ReduceKind kind, const Tensor& input, const Tensor& output,
                                                    std::int64_t count);
// The runtime finds extremes under one scale only.
Result<void> check_int16_extreme(const Tensor& input, const Tensor& output);

// --- Bilinear resize, of stored integers, whatever the scales --------------------------------------------------------
Result<ResizeRule> int16_resize_rule(const Tensor& input, const Tensor& output);

// --- From one type and scale to another, one of them i16
// --------------------------------------------------------------- QUANTIZE, relu, relu6; for floats quantize() and
// dequantize().
struct Int16RescaleArithmetic {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  FixedPoint factor;
  IntegerRange range;
};
// Fails for an output of u8 too, which the runtime does not have.
Result<Int16RescaleArithmetic> int16_rescale_arithmetic(const Tensor& input, const Tensor& output,
                                                        Activation activation);
inline std::int32_t int16_rescale_element(const Int16RescaleArithmetic& rescale, std::int32_t x) {
  const std::int32_t value = x - rescale.input_zero_point;
  return rescale.range.clamp(multiply_rounded_twice(value, rescale.factor, Halves::away_from_zero) +
                             rescale.output_zero_point);
}

// --- Softmax ---------------------------------------------------------------------------------------------------------
// Over a row x[0..n): exponential(i) = int16_exponential(softmax, x[i] - max x), total their sum, and
// out[i] = int16_softmax_element(exponential(i), int16_softmax_factor(softmax, total)).
struct Int16SoftmaxArithmetic {
  FixedPoint factor;
  Int16Curve exponentials{}, reciprocals{};
};
// Fails when the output is not in steps of 1/32768.
Result<Int16SoftmaxArithmetic> int16_softmax_arithmetic(const Tensor& input, const Tensor& output, float beta);
std::int32_t int16_exponential(const Int16SoftmaxArithmetic& softmax, std::int32_t difference);
struct Int16SoftmaxFactor {
  std::int32_t reciprocal = 0;
  int right_shift = 1;
};
Int16SoftmaxFactor int16_softmax_factor(const Int16SoftmaxArithmetic& softmax, std::int64_t total);
std::int32_t int16_softmax_element(std::int32_t exponential, Int16SoftmaxFactor factor);

// --- Sigmoid, tanh ---------------------------------------------------------------------------------------------------
// Both from one table of a sigmoid in steps of 1/24.
struct Int16SigmoidArithmetic {
  std::int32_t multiplier = 0;
  int right_shift = 0;
  std::array<std::uint16_t, 256> sigmoid{};
};
// Fails when the output is not in steps of 1/32768, and for input steps of 2^-12 and 2^-11, which have kernels of their
// own.
Result<Int16SigmoidArithmetic> int16_sigmoid_arithmetic(const Tensor& input, const Tensor& output);
std::int32_t int16_sigmoid_element(const Int16SigmoidArithmetic& arithmetic, std::int32_t x);
std::int32_t int16_tanh_element(const Int16SigmoidArithmetic& arithmetic, std::int32_t x);

}  // namespace mobilenet
