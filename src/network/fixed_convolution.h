// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Convolutions of i8 activations that XNNPACK leaves to TensorFlow Lite's own kernels, equal bit for bit to them:
// weights of 4 bits, and transposed convolutions with gaps. See quantized_arithmetic.h; tests/network pins it.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "network/fixed_point.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet {

// Which kernels; a layer that is not among these is convolution_arithmetic's.
enum class FixedLayer {
  int4_convolution,
  int4_grouped,  // a convolution in groups
  int4_depthwise,
  int4_dense,  // of an odd number of inputs
  transposed   // "same", with a kernel smaller than its stride along an axis
};

// sum (int32) as for other convolutions; out = fixed_convolution_element(convolution, sum, channel).
struct FixedConvolutionArithmetic {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  std::vector<FixedPoint> factors;  // one per output channel
  int halves_up = 0;                // the channels before this one round halves up, the others away from zero
  IntegerRange range;
};
// Fails where convolution_arithmetic does, and for u8.
Result<FixedConvolutionArithmetic> fixed_convolution_arithmetic(FixedLayer layer, const Tensor& input,
                                                                const Tensor& weight, const Tensor& output,
                                                                Activation activation, int outputs);
inline std::int32_t fixed_convolution_element(const FixedConvolutionArithmetic& convolution, std::int32_t sum,
                                              int channel) {
  const Halves halves = channel < convolution.halves_up ? Halves::up : Halves::away_from_zero;
  const FixedPoint factor = convolution.factors[static_cast<std::size_t>(channel)];
  const std::int64_t stored = std::int64_t{multiply_rounded_twice(sum, factor, halves)} + convolution.output_zero_point;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(stored, convolution.range.low, convolution.range.high));
}

// What a convolution, depthwise, dense or transposed layer fuses.
Activation fused_activation(const Op& op);
// Which of the two arithmetics a layer of bytes has: one of these kernels', or none of them where it is
// convolution_arithmetic's.
std::optional<FixedLayer> fixed_layer(const Op& op, const Tensor& weight);

// The arithmetic of any layer of bytes, from its sum with the bias to the stored output.
struct LayerArithmetic {
  ConvolutionArithmetic common;  // whose zero points hold for both
  std::optional<FixedConvolutionArithmetic> fixed;

  std::int32_t element(std::int32_t sum, std::size_t channel) const {
    if (fixed) return fixed_convolution_element(*fixed, sum, static_cast<int>(channel));
    return requantize(sum, common.scales[channel], common.output_zero_point, common.range);
  }
};
// Of a convolution, depthwise, dense or transposed layer.
Result<LayerArithmetic> layer_arithmetic(const Op& op, const Tensor& input, const Tensor& weight, const Tensor& output,
                                         int outputs);

// Two weights a byte, the first in its lower half, in the order of the elements.
inline std::int8_t int4_weight(std::span<const std::byte> packed, std::size_t element) {
  const auto pair = std::to_integer<unsigned>(packed[element / 2]);
  const unsigned bits = element % 2 == 0 ? pair & 15 : pair >> 4;
  return static_cast<std::int8_t>(static_cast<int>(bits ^ 8) - 8);
}

}  // namespace mobilenet
