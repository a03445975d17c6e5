// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The arithmetic of integer networks, equal bit for bit to TensorFlow Lite with its XNNPACK delegate: what every
// backend derives from the tensors' quantisation at load, and the formula of one element. Backends own the loops. Found
// by comparing with the real runtime over random scales and zero points, ties included; the golden vectors of
// tests/network pin it. Notation: real = scale * (stored - zero_point).

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace mobilenet {

// u8 or i8 with quantisation: the tensors that operators of bytes read and write; those of 16 bits are i16.
bool is_quantized(const Tensor& tensor);

// An integer type under one scale and zero point.
struct AffineType {
  DataType type = DataType::u8;  // u8 or i8
  float scale = 1;
  std::int32_t zero_point = 0;
  bool operator==(const AffineType&) const = default;
};
// Fails when the tensor is not u8 or i8 with one positive, finite scale and a zero point inside the type.
Result<AffineType> affine_type(const Tensor& tensor);
// For operators that only move or average values: fails when the two tensors differ.
Result<AffineType> shared_affine_type(const Tensor& input, const Tensor& output);

// Inclusive bounds of stored integers.
struct IntegerRange {
  std::int32_t low = 0, high = 255;
  std::int32_t clamp(std::int32_t value) const { return value < low ? low : value > high ? high : value; }
  bool operator==(const IntegerRange&) const = default;
};
IntegerRange type_range(DataType type);
// What a fused clamp (clamp.h) leaves of the output's integers: bounds are rounded to nearest even after the zero
// point is added. For convolution, depthwise, dense, add and max pooling.
IntegerRange activation_range(Activation activation, const AffineType& output);
// The same for average pooling and stand-alone activations, which round the bounds half away from zero instead.
IntegerRange activation_range_half_away(Activation activation, const AffineType& output);

// --- Convolution, depthwise, dense ---------------------------------------------------------------------------------
// sum (int32) = bias + sum of (x - input_zero_point) * (w - weight_zero_point); padding counts as x = input_zero_point;
// out = requantize(sum, scales[channel], output_zero_point, range).
struct ConvolutionArithmetic {
  std::int32_t input_zero_point = 0;
  std::int32_t weight_zero_point = 0;  // 0 for i8
  std::vector<float> scales;           // one per output channel, also when the weight has one scale
  std::int32_t output_zero_point = 0;
  IntegerRange range;
};
// Fails when the tensors are not all u8 or all i8, when i8 weights have zero points, or when scales are missing.
Result<ConvolutionArithmetic> convolution_arithmetic(const Tensor& input, const Tensor& weight, const Tensor& output,
                                                     Activation activation, int outputs);

// To the nearest integer, ties to even, for |x| < 2^22: 1.5 * 2^23 leaves no bits for a fraction. (std::nearbyint is a
// library call in a build for plain x86-64, and took most of the time of an integer network in `reference`.)
inline std::int32_t round_to_even(float x) { return static_cast<std::int32_t>((x + 0x1.8p23f) - 0x1.8p23f); }

// sum as float (which rounds beyond 2^24), times scale in float, rounded to nearest even.
inline std::int32_t requantize(std::int32_t sum, float scale, std::int32_t zero_point, IntegerRange range) {
  const float scaled = static_cast<float>(sum) * scale;
  const float low = static_cast<float>(range.low - zero_point), high = static_cast<float>(range.high - zero_point);
  // Clamped before rounding: both bounds are integers, and the conversion cannot overflow.
  return round_to_even(scaled < low ? low : scaled > high ? high : scaled) + zero_point;
}

// --- Add -----------------------------------------------------------------------------------------------------------
// out = clamp(((bias + a * a_multiplier + b * b_multiplier) >> shift) + output_zero_point), in int32.
// Multipliers are at most 2^21, the shift is 13..30, and no intermediate value leaves int32.
struct AddArithmetic {
  std::int32_t a_multiplier = 0, b_multiplier = 0;
  std::int32_t bias = 0;  // both zero points and the rounding half
  int shift = 0;
  std::int32_t output_zero_point = 0;
  IntegerRange range;
};
// Fails when the types differ or the larger of the scale ratios a / output and b / output is outside [2^-10, 2^8).
Result<AddArithmetic> add_arithmetic(const Tensor& a, const Tensor& b, const Tensor& output, Activation activation);
inline std::int32_t add_element(const AddArithmetic& add, std::int32_t a, std::int32_t b) {
  const std::int32_t sum = add.bias + a * add.a_multiplier + b * add.b_multiplier;
  return add.range.clamp((sum >> add.shift) + add.output_zero_point);
}

// --- Pooling -------------------------------------------------------------------------------------------------------
// Average pooling: `sum` of stored values, zero points included, over `count` pixels inside the picture; half away from
// zero. The caller clamps to activation_range_half_away. Input and output share one quantisation.
inline std::int32_t average_element(std::int32_t sum, std::int32_t count) {
  return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

// Mean over height and width, which may rescale: out = clamp(round_to_even(float(sum) * scale + bias)), `sum` as above;
// product and sum are rounded to float separately.
struct MeanArithmetic {
  float scale = 1, bias = 0;
  IntegerRange range;
};
Result<MeanArithmetic> mean_arithmetic(const Tensor& input, const Tensor& output, std::int64_t count);
std::int32_t mean_element(const MeanArithmetic& mean, std::int32_t sum);

// --- 8-bit to 8-bit, element by element ----------------------------------------------------------------------------
// Output byte by input byte, both as stored (an i8 is looked up by its two's complement).
using ByteTable = std::array<std::uint8_t, 256>;
// Hard sigmoids have no integer form here and fail.
Result<ByteTable> activation_table(Activation activation, const Tensor& input, const Tensor& output);
// QUANTIZE from one integer type and scale to another. The runtime takes 16 elements at a time and rounds the ties of
// those that are left at the end of a tensor in another way.
struct RescaleTables {
  ByteTable vectors, rest;
};
inline constexpr std::int64_t kRescaleVector = 16;
Result<RescaleTables> rescale_tables(const Tensor& input, const Tensor& output);
// One input of CONCATENATION; the identity when the scales and zero points are equal.
Result<ByteTable> concat_table(const Tensor& input, const Tensor& output);

// What PadOp puts around a tensor: the bytes of one element, in front. Fails where integers would be rescaled, and for
// anything but zeros around 16-bit ones.
using StoredElement = std::array<std::byte, 8>;
Result<StoredElement> pad_element(const PadOp& op, const Tensor& input, const Tensor& output);

// --- Softmax -------------------------------------------------------------------------------------------------------
// Over a row x[0..n): m = max x; exponential(i) = exponentials[m - x[i]]; total = their sum in float, in the order of
// i; out[i] = softmax_element(softmax, exponential(i), softmax_factor(softmax, total)).
struct SoftmaxArithmetic {
  std::array<float, 256> exponentials{};  // by distance from the row's maximum
  AffineType output;
};
Result<SoftmaxArithmetic> softmax_arithmetic(const Tensor& input, const Tensor& output, float beta);
inline float softmax_factor(const SoftmaxArithmetic& softmax, float total) {
  return 1.0f / (total * softmax.output.scale);
}
std::int32_t softmax_element(const SoftmaxArithmetic& softmax, float exponential, float factor);

// --- Float to integer and back -------------------------------------------------------------------------------------
// out = clamp(round_to_even(x * inverse_scale) + zero_point); a NaN gives the upper bound, as it does there.
inline std::int32_t quantize(float x, float inverse_scale, std::int32_t zero_point, IntegerRange range) {
  const float scaled = x * inverse_scale;
  const float low = static_cast<float>(range.low - zero_point), high = static_cast<float>(range.high - zero_point);
  const float bounded = !(scaled < high) ? high : scaled < low ? low : scaled;
  return round_to_even(bounded) + zero_point;
}
inline float dequantize(std::int32_t stored, const AffineType& type) {
  return static_cast<float>(stored - type.zero_point) * type.scale;
}

// --- Bilinear resize (float networks use the same taps with `fraction`) ---------------------------------------------
// Along one axis, per output position: value = low * (1 - fraction) + high * fraction.
struct ResizeTap {
  std::int32_t low = 0, high = 0;  // input positions
  float fraction = 0;
  std::int32_t weight = 0;  // fraction in 1/2048, rounded to nearest even
};
ResizeTap resize_tap(std::int64_t position, std::int64_t input, std::int64_t output, const ResizeBilinearOp& op);
// Of every output position.
std::vector<ResizeTap> resize_taps(std::int64_t input, std::int64_t output, const ResizeBilinearOp& op);
// Corners of the input, the weights of the column (x) and row (y) taps; exact, then rounded half up. Input and output
// share one quantisation.
inline std::int32_t resize_element(std::int32_t top_left, std::int32_t top_right, std::int32_t bottom_left,
                                   std::int32_t bottom_right, std::int32_t x_weight, std::int32_t y_weight) {
  const std::int32_t top = top_left * 2048 + (top_right - top_left) * x_weight;
  const std::int32_t bottom = bottom_left * 2048 + (bottom_right - bottom_left) * x_weight;
  return (top * 2048 + (bottom - top) * y_weight + (1 << 21)) >> 22;
}

// Where input and output have other scales or zero points, stored integers are interpolated all the same, but by the
// runtime's own kernels: i8 in fixed point with 10 bits, u8 in floats.
enum class ResizeRule { shared, fixed, floating };
// Fails when the types differ.
Result<ResizeRule> resize_rule(const Tensor& input, const Tensor& output);
// By one of these rules; `weight` is in 1/1024 by the rule `fixed`.
ResizeTap resize_tap(std::int64_t position, std::int64_t input, std::int64_t output, const ResizeBilinearOp& op,
                     ResizeRule rule);
std::int32_t resize_element(ResizeRule rule, std::int32_t top_left, std::int32_t top_right, std::int32_t bottom_left,
                            std::int32_t bottom_right, const ResizeTap& x, const ResizeTap& y);

}  // namespace mobilenet
