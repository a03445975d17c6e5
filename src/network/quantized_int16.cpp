// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/quantized_int16.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "base/error.h"
#include "network/clamp.h"
#include "network/parameter.h"
#include "network/quantized_types.h"

namespace mobilenet {
namespace {

constexpr const char* kFarScale = "has a scale too far from those of the inputs";
constexpr float kUnitScale = 1.0f / 32768;

// One scale per output channel, also when the weight has one. All are zero or positive.
Result<std::vector<float>> weight_scales(const Tensor& weight, int outputs) {
  if (weight.type != DataType::i8 || !weight.quantization) return quantization_error(weight, "must be i8 with scales");
  const Quantization& quantization = *weight.quantization;
  const std::size_t count = quantization.scales.size();
  if (count != 1 && count != static_cast<std::size_t>(outputs))
    return quantization_error(weight, "must have one scale, or one per output channel");
  for (const std::int32_t zero_point : quantization.zero_points)
    if (zero_point != 0) return quantization_error(weight, "must have zero points of 0");
  for (const float scale : quantization.scales)
    if (!std::isfinite(scale) || !(scale >= 0))
      return quantization_error(weight, "has a scale that is not a positive number");
  return count == 1 ? std::vector<float>(static_cast<std::size_t>(outputs), quantization.scales[0])
                    : quantization.scales;
}

struct Scales {
  float input = 1, output = 1;
};
Result<Scales> int16_scales(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const float in, int16_scale(input));
  MOBILENET_TRY(const float out, int16_scale(output));
  return Scales{in, out};
}

// x in pieces of 1/24, with 9 bits of fraction.
std::int32_t in_pieces(const Int16SigmoidArithmetic& arithmetic, std::int32_t x) {
  const std::int64_t half = arithmetic.right_shift > 0 ? std::int64_t{1} << (arithmetic.right_shift - 1) : 0;
  return static_cast<std::int32_t>((std::int64_t{x} * arithmetic.multiplier + half) >> arithmetic.right_shift);
}

// The sigmoid of a positive number, whose piece has `bits` bits of fraction and which has as many more than the table.
std::int32_t positive_sigmoid(const Int16SigmoidArithmetic& arithmetic, std::int32_t magnitude, int bits,
                              std::int32_t one) {
  const std::int32_t piece = magnitude >> bits;
  if (piece >= 255) return one;
  const std::int32_t begin = arithmetic.sigmoid[static_cast<std::size_t>(piece)];
  const std::int32_t rise = arithmetic.sigmoid[static_cast<std::size_t>(piece) + 1] - begin;
  return begin * (1 << bits) + (magnitude & ((1 << bits) - 1)) * rise;
}

}  // namespace

Result<float> int16_scale(const Tensor& tensor) {
  if (tensor.type != DataType::i16 || !tensor.quantization || tensor.quantization->scales.size() != 1)
    return quantization_error(tensor, "must be i16 with one scale");
  for (const std::int32_t zero_point : tensor.quantization->zero_points)
    if (zero_point != 0) return quantization_error(tensor, "must have a zero point of 0");
  const float scale = tensor.quantization->scales[0];
  if (!std::isfinite(scale) || !(scale > 0))
    return quantization_error(tensor, "has a scale that is not a positive number");
  return scale;
}

IntegerRange int16_activation_range(Activation activation, float output_scale) {
  const ClampRange real = clamp_of(activation);
  const auto stored = [&](float value) {
    return static_cast<std::int32_t>(std::clamp(std::round(value / output_scale), -32768.0f, 32767.0f));
  };
  return {stored(real.low), stored(real.high)};
}

Result<std::vector<std::int64_t>> int16_bias(const Parameter& bias) {
  if (bias.type != DataType::i64 && bias.type != DataType::i32)
    return failure(ErrorCode::unsupported, "a bias of ", name_of(bias.type), " with 16-bit activations");
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < bias.shape.elements(); ++i)
    values.push_back(int16_bounded_bias(stored_wide_integer(bias, i)));
  return values;
}

Result<Int16ConvolutionArithmetic> int16_convolution_arithmetic(const Tensor& input, const Tensor& weight,
                                                                const Tensor& output, Activation activation,
                                                                int outputs) {
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  MOBILENET_TRY(const std::vector<float> weights, weight_scales(weight, outputs));
  Int16ConvolutionArithmetic convolution;
  convolution.range = int16_activation_range(activation, scales.output);
  for (const float scale : weights) {
    const double factor =
        static_cast<double>(scales.input) * static_cast<double>(scale) / static_cast<double>(scales.output);
    if (!(factor < 0x1p7)) return quantization_error(output, kFarScale);
    const FixedPoint fixed = fixed_point(factor);
    const std::int64_t multiplier = fixed.multiplier < 0x7fff0000 ? (fixed.multiplier + (1 << 15)) >> 16 : 0x7fff;
    convolution.factors.push_back({multiplier, 15 - fixed.shift});
  }
  return convolution;
}

Result<Int16DenseArithmetic> int16_dense_arithmetic(const Tensor& input, const Tensor& weight, const Tensor& output,
                                                    Activation activation, int outputs, Int16Bias bias) {
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  MOBILENET_TRY(const std::vector<float> weights, weight_scales(weight, outputs));
  Int16DenseArithmetic dense;
  dense.range = int16_activation_range(activation, scales.output);
  for (const float scale : weights) {
    // The product of a single scale is rounded to float where the bias has not 64 bits.
    const float product = scales.input * scale;
    const double exact = static_cast<double>(scales.input) * static_cast<double>(scale);
    const bool single = bias == Int16Bias::none_or_i32 && weight.quantization->scales.size() == 1;
    const double factor = (single ? static_cast<double>(product) : exact) / static_cast<double>(scales.output);
    if (!(factor < 1)) return quantization_error(output, kFarScale);
    dense.factors.push_back(fixed_point(factor));
  }
  return dense;
}

std::int32_t int16_dense_wide_element(FixedPoint factor, std::int64_t sum, IntegerRange range) {
  const std::int64_t magnitude = sum < 0 ? -sum : sum;
  // In two halves of the multiplier, because the product may have more than 64 bits; its lowest 16 cannot matter.
  const std::int64_t product =
      magnitude * (factor.multiplier >> 16) + ((magnitude * (factor.multiplier & 0xffff)) >> 16);
  const int shift = 31 - factor.shift - 16;
  const std::int64_t rounded = (product + (std::int64_t{1} << (shift - 1))) >> shift;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(sum < 0 ? -rounded : rounded, range.low, range.high));
}

Result<Int16SumArithmetic> int16_sum_arithmetic(BinaryKind kind, const Tensor& a, const Tensor& b, const Tensor& output,
                                                Activation activation) {
  MOBILENET_TRY(const Scales first, int16_scales(a, output));
  MOBILENET_TRY(const float second, int16_scale(b));
  const double a_scale = static_cast<double>(first.input), b_scale = static_cast<double>(second);
  const double twice_larger = 2 * std::max(a_scale, b_scale);
  const double factor = twice_larger / ((1 << 15) * static_cast<double>(first.output));
  if (!(factor < 1)) return quantization_error(output, kFarScale);
  Int16SumArithmetic sum;
  sum.kind = kind;
  sum.a_factor = fixed_point(a_scale / twice_larger);
  sum.b_factor = fixed_point((kind == BinaryKind::subtract ? -b_scale : b_scale) / twice_larger);
  // Finer than the other input's last bit.
  if (sum.a_factor.shift < -15 || sum.b_factor.shift < -15) return quantization_error(output, kFarScale);
  sum.output_factor = fixed_point(factor);
  sum.range = int16_activation_range(activation, first.output);
  return sum;
}

std::int32_t int16_sum_element(const Int16SumArithmetic& sum, std::int32_t a, std::int32_t b) {
  const auto scaled = [&](std::int32_t x, FixedPoint factor) {
    return sum.kind == BinaryKind::subtract
               ? multiply_rounded_twice(x * (1 << 15), factor, Halves::away_from_zero)
               : doubled_high_product(std::int64_t{x} * (std::int64_t{1} << (15 + factor.shift)), factor.multiplier);
  };
  return sum.range.clamp(multiply_rounded_twice(scaled(a, sum.a_factor) + scaled(b, sum.b_factor), sum.output_factor,
                                                Halves::away_from_zero));
}

Result<Int16ProductArithmetic> int16_product_arithmetic(const Tensor& a, const Tensor& b, const Tensor& output,
                                                        Activation activation) {
  MOBILENET_TRY(const Scales first, int16_scales(a, output));
  MOBILENET_TRY(const float second, int16_scale(b));
  const float product = first.input * second;
  const float factor = product / first.output;
  if (!(factor < 1)) return quantization_error(output, kFarScale);
  return Int16ProductArithmetic{fixed_point(static_cast<double>(factor)),
                                int16_activation_range(activation, first.output)};
}

Result<FixedPoint> int16_mean_factor(const Tensor& input, const Tensor& output, std::int64_t count) {
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  const double factor = static_cast<double>(scales.input) / static_cast<double>(scales.output);
  // So that 2^15 count elements times the factor stay in 32 bits.
  if (!(usable_factor(factor) && factor < 0x1p15) || count < 1 || count > (1 << 16))
    return quantization_error(output, "has a scale too far from that of the input for so many elements");
  FixedPoint fixed = fixed_point(factor);
  const int bits = std::min(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 1, 31 + fixed.shift);
  fixed.multiplier = (fixed.multiplier << bits) / count;
  fixed.shift -= bits;
  return fixed;
}

Result<Int16TotalArithmetic> int16_total_arithmetic(ReduceKind kind, const Tensor& input, const Tensor& output,
                                                    std::int64_t count) {
  Int16TotalArithmetic total;
  total.kind = kind;
  if (kind == ReduceKind::mean) {
    MOBILENET_TRY(total.factor, int16_mean_factor(input, output, count));
    return total;
  }
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  total.ratio = scales.input / scales.output;
  if (!std::isfinite(total.ratio) || count > (1 << 16))
    return quantization_error(output, "has a scale too far from that of the input for so many elements");
  return total;
}

Result<void> check_int16_extreme(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  if (scales.input != scales.output) return quantization_error(output, "must have the scale of the input");
  return {};
}

Result<ResizeRule> int16_resize_rule(const Tensor& input, const Tensor& output) {
  MOBILENET_CHECK(int16_scales(input, output));
  return ResizeRule::fixed;
}

Result<Int16RescaleArithmetic> int16_rescale_arithmetic(const Tensor& input, const Tensor& output,
                                                        Activation activation) {
  if (activation != Activation::none && activation != Activation::relu && activation != Activation::relu6)
    return quantization_error(output, "is the result of an activation that has no form in 16 bits");
  Int16RescaleArithmetic rescale;
  float in = 1, out = 1;
  if (input.type == DataType::i16) {
    MOBILENET_TRY(in, int16_scale(input));
  } else {
    MOBILENET_TRY(const AffineType type, affine_type(input));
    in = type.scale;
    rescale.input_zero_point = type.zero_point;
  }
  if (output.type == DataType::i16) {
    MOBILENET_TRY(out, int16_scale(output));
    rescale.range = int16_activation_range(activation, out);
  } else {
    MOBILENET_TRY(const AffineType type, affine_type(output));
    if (type.type != DataType::i8) return quantization_error(output, "must be i8 where the input is i16");
    out = type.scale;
    rescale.output_zero_point = type.zero_point;
    rescale.range = activation_range_half_away(activation, type);
  }
  // An activation rounds the ratio to float.
  const float ratio = in / out;
  const double exact = static_cast<double>(in) / static_cast<double>(out);
  const double factor = activation == Activation::none ? exact : static_cast<double>(ratio);
  if (!(usable_factor(factor) && factor < 0x1p15)) return quantization_error(output, kFarScale);
  rescale.factor = fixed_point(factor);
  return rescale;
}

Result<Int16SoftmaxArithmetic> int16_softmax_arithmetic(const Tensor& input, const Tensor& output, float beta) {
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  if (scales.output != kUnitScale) return quantization_error(output, "is a softmax and must be in steps of 1/32768");
  // Differences in steps of 10 / 65535: what is 10 below the maximum counts for nothing.
  const double factor = static_cast<double>(scales.input) * static_cast<double>(beta) / (10.0 / 65535.0);
  if (!(usable_factor(factor) && factor < 0x1p14)) return quantization_error(output, kFarScale);
  Int16SoftmaxArithmetic softmax;
  softmax.factor = fixed_point(factor);
  softmax.exponentials = int16_curve<double>(-10, 0, 32768, [](double x) { return std::exp(x); });
  softmax.reciprocals = int16_curve<double>(0, 1, 32768, [](double x) { return 1 / (1 + x); });
  return softmax;
}

std::int32_t int16_exponential(const Int16SoftmaxArithmetic& softmax, std::int32_t difference) {
  const std::int32_t scaled = multiply_rounded_twice(difference, softmax.factor, Halves::away_from_zero);
  return on_curve(softmax.exponentials, kInt16Range.clamp(std::max(scaled, -65535) + 32767));
}

Int16SoftmaxFactor int16_softmax_factor(const Int16SoftmaxArithmetic& softmax, std::int64_t total) {
  const auto bounded = static_cast<std::uint32_t>(std::clamp<std::int64_t>(total, 1, 2147483647));
  const int headroom = std::countl_zero(bounded);
  const auto fraction = static_cast<std::int32_t>(((std::uint64_t{bounded} << (headroom - 1)) + (1 << 13)) >> 14);
  const std::int32_t centred = kInt16Range.clamp(fraction - (1 << 15) - (1 << 16));
  return {on_curve(softmax.reciprocals, centred), 31 - headroom};
}

std::int32_t int16_softmax_element(std::int32_t exponential, Int16SoftmaxFactor factor) {
  const std::int64_t product = std::int64_t{exponential} * factor.reciprocal;
  const std::int64_t half = factor.right_shift > 0 ? std::int64_t{1} << (factor.right_shift - 1) : 0;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>((product + half) >> factor.right_shift, 0, 32767));
}

Result<Int16SigmoidArithmetic> int16_sigmoid_arithmetic(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const Scales scales, int16_scales(input, output));
  if (scales.output != kUnitScale) return quantization_error(output, "must be in steps of 1/32768");
  if (scales.input == 0x1p-12f || scales.input == 0x1p-11f)
    return quantization_error(input, "has steps of 2^-11 or 2^-12, which have kernels of their own");
  Int16SigmoidArithmetic arithmetic;
  double multiplier = static_cast<double>(scales.input) * 3 * 4096;  // 512 pieces of 1/24
  if (!(multiplier < 0x1p15)) return quantization_error(input, "has a scale without meaning in a sigmoid");
  while (multiplier <= 32767.0 / 2 && arithmetic.right_shift <= 30) {
    multiplier *= 2;
    ++arithmetic.right_shift;
  }
  arithmetic.multiplier = static_cast<std::int32_t>(multiplier);
  // Each knot is moved by half of what the line behind it misses at its middle.
  const auto value = [](double i) { return 65536 / (1 + std::exp(-i / 24)); };
  for (std::size_t i = 0; i < arithmetic.sigmoid.size(); ++i) {
    const double begin = value(static_cast<double>(i)), end = value(static_cast<double>(i) + 1);
    const double missed = value(static_cast<double>(i) + 0.5) - (begin + end) / 2;
    arithmetic.sigmoid[i] = static_cast<std::uint16_t>(std::min(std::round(begin + missed / 2), 65535.0));
  }
  arithmetic.sigmoid.back() = 65535;
  return arithmetic;
}

std::int32_t int16_sigmoid_element(const Int16SigmoidArithmetic& arithmetic, std::int32_t x) {
  const std::int32_t scaled = in_pieces(arithmetic, x);
  const std::int32_t positive = positive_sigmoid(arithmetic, std::abs(scaled), 9, 0x7fff << 10);
  return (scaled >= 0 ? positive + (1 << 9) : (1 << 25) - positive + (1 << 9) - 1) >> 10;
}

// 2 sigmoid(2 x) - 1: twice the pieces, one bit of fraction less.
std::int32_t int16_tanh_element(const Int16SigmoidArithmetic& arithmetic, std::int32_t x) {
  const std::int32_t scaled = in_pieces(arithmetic, x);
  const std::int32_t positive = positive_sigmoid(arithmetic, std::abs(scaled), 8, 0xffff << 8);
  return (scaled >= 0 ? positive - (1 << 23) + (1 << 7) : (1 << 23) - positive + (1 << 7) - 1) >> 8;
}

}  // namespace mobilenet
