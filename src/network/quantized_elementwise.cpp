// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/quantized_elementwise.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/quoted.h"
#include "network/quantized_types.h"

namespace mobilenet {
namespace {

constexpr const char* kFarScale = "has a scale too far from those of the inputs";

struct BinaryTypes {
  AffineType a, b, output;
};
Result<BinaryTypes> binary_types(const Tensor& a, const Tensor& b, const Tensor& output) {
  MOBILENET_TRY(const TypePair first, equal_type_pair(a, output));
  MOBILENET_TRY(const TypePair second, equal_type_pair(b, output));
  return BinaryTypes{first.input, second.input, first.output};
}

// Zero points and range, which all formulas with factors have.
template <class Element>
Element element_of(const BinaryTypes& types, IntegerRange range) {
  Element element;
  element.a_zero_point = types.a.zero_point;
  element.b_zero_point = types.b.zero_point;
  element.output_zero_point = types.output.zero_point;
  element.range = range;
  return element;
}

enum class Sign { plus, minus };

Result<BinaryArithmetic> sum_arithmetic(Sign sign, const Tensor& a, const Tensor& b, const Tensor& output,
                                        const BinaryTypes& types, Activation activation) {
  const float a_ratio = types.a.scale / types.output.scale, b_ratio = types.b.scale / types.output.scale;
  // The delegate wants both ratios in [2^-10, 2^8). Above, the runtime's own kernels overflow.
  if (std::min(a_ratio, b_ratio) >= 0x1p-10f) {
    MOBILENET_TRY(AddArithmetic add, add_arithmetic(a, b, output, activation));
    if (sign == Sign::minus) {
      add.b_multiplier = -add.b_multiplier;
      add.bias -= 2 * types.b.zero_point * add.b_multiplier;
    }
    return BinaryArithmetic(SumElement{add});
  }
  if (!(std::max(a_ratio, b_ratio) < 0x1p8f)) return quantization_error(output, kFarScale);
  auto element = element_of<FineSumElement>(types, activation_range_half_away(activation, types.output));
  const double a_scale = types.a.scale, b_scale = types.b.scale, twice_larger = 2 * std::max(a_scale, b_scale);
  element.a_factor = fixed_point(a_scale / twice_larger);
  element.b_factor = fixed_point((sign == Sign::minus ? -b_scale : b_scale) / twice_larger);
  element.output_factor = fixed_point(twice_larger / ((1 << 20) * static_cast<double>(types.output.scale)));
  return BinaryArithmetic(element);
}

Result<BinaryArithmetic> product_arithmetic(const Tensor& output, const BinaryTypes& types, Activation activation) {
  const float product = types.a.scale * types.b.scale;
  const float scale = product / types.output.scale;
  if (!(scale < 0x1p8f)) return quantization_error(output, kFarScale);  // the runtime's own kernels overflow
  if (scale >= 0x1p-16f) {
    auto element = element_of<ProductElement>(types, activation_range(activation, types.output));
    element.scale = scale;
    return BinaryArithmetic(element);
  }
  auto element = element_of<FineProductElement>(types, activation_range_half_away(activation, types.output));
  element.factor = fixed_point(static_cast<double>(scale));
  return BinaryArithmetic(element);
}

std::int32_t reciprocal_of(std::uint32_t divisor) {
  const std::uint32_t leading_bit_first = divisor << std::countl_zero(divisor);
  return reciprocal_of_one_plus(static_cast<std::int32_t>(leading_bit_first - 0x80000000u));
}

Result<BinaryArithmetic> quotient_arithmetic(const Tensor& output, const BinaryTypes& types, Activation activation) {
  const double factor = static_cast<double>(types.a.scale / (types.b.scale * types.output.scale));
  // Within these bounds the last shift is one to the right by 0..63.
  if (!(factor > 0x1p-24 && factor < 0x1p20)) return quantization_error(output, kFarScale);
  auto element = element_of<QuotientElement>(types, activation_range_half_away(activation, types.output));
  element.factor = fixed_point(factor);
  for (std::uint32_t divisor = 1; divisor < element.reciprocals.size(); ++divisor)
    element.reciprocals[divisor] = reciprocal_of(divisor);
  return BinaryArithmetic(element);
}

Result<BinaryArithmetic> squared_difference_arithmetic(const Tensor& output, const BinaryTypes& types) {
  if (types.output.type != DataType::i8)
    return quantization_error(output, "is the result of a squared difference, which only i8 has");
  auto element = element_of<SquaredDifferenceElement>(types, type_range(types.output.type));
  const double a_scale = types.a.scale, b_scale = types.b.scale, twice_larger = 2 * std::max(a_scale, b_scale);
  const double factor = twice_larger * twice_larger / ((1 << 14) * static_cast<double>(types.output.scale));
  if (!(factor < 1)) return quantization_error(output, kFarScale);
  element.a_factor = fixed_point(a_scale / twice_larger);
  element.b_factor = fixed_point(b_scale / twice_larger);
  element.output_factor = fixed_point(factor);
  return BinaryArithmetic(element);
}

Result<BinaryArithmetic> prelu_arithmetic(const Tensor& output, const BinaryTypes& types) {
  auto element = element_of<PreluElement>(types, type_range(types.output.type));
  const float ratio = types.a.scale / types.output.scale;
  const float product = types.a.scale * types.b.scale;
  const float product_ratio = product / types.output.scale;
  // 255 and 255^2 times these stay in 31 bits.
  if (!(ratio < 0x1p20f && product_ratio < 0x1p14f)) return quantization_error(output, kFarScale);
  element.a_factor = fixed_point(static_cast<double>(ratio));
  element.product_factor = fixed_point(static_cast<double>(product_ratio));
  return BinaryArithmetic(element);
}

// --- One number ----------------------------------------------------------------------------------------------------

// As XNNPACK fills its tables: rounded to even after the zero point is added.
std::int32_t stored_even(float value, const AffineType& output) {
  const IntegerRange range = type_range(output.type);
  const float scaled = value * (1.0f / output.scale);
  const float shifted = scaled + static_cast<float>(output.zero_point);
  return static_cast<std::int32_t>(
      std::nearbyint(std::clamp(shifted, static_cast<float>(range.low), static_cast<float>(range.high))));
}

// As TensorFlow Lite fills its own: half away from zero, then the zero point.
std::int32_t stored_half_away(float value, const AffineType& output) {
  const IntegerRange range = type_range(output.type);
  const float rounded = std::round(value * (1.0f / output.scale));
  return range.clamp(static_cast<std::int32_t>(std::clamp(rounded, -512.0f, 512.0f)) + output.zero_point);
}

// `function` of the real number, in double and rounded to float.
template <class Function>
ByteTable real_table(const TypePair& types, const Function& function) {
  return fill_table(types.input, [&](std::int32_t stored) {
    const double real = static_cast<double>(dequantize(stored, types.input));
    return stored_half_away(static_cast<float>(function(real)), types.output);
  });
}

ByteTable tanh_table(const TypePair& types) {
  return fill_table(types.input, [&](std::int32_t stored) {
    const double real = static_cast<double>(dequantize(stored, types.input));
    return stored_even(static_cast<float>(std::tanh(real)), types.output);
  });
}

ByteTable elu_table(const TypePair& types) {
  return fill_table(types.input, [&](std::int32_t stored) {
    const float real = dequantize(stored, types.input);
    return stored_even(real < 0 ? static_cast<float>(std::expm1(static_cast<double>(real))) : real, types.output);
  });
}

ByteTable log_table(const TypePair& types) {
  const AffineType& output = types.output;
  const float lowest = dequantize(type_range(output.type).low, output);
  return real_table(types, [lowest](double real) { return real <= 0 ? static_cast<double>(lowest) : std::log(real); });
}

// The only one that cuts off in place of rounding.
ByteTable sqrt_table(const TypePair& types) {
  const IntegerRange range = type_range(types.output.type);
  return fill_table(types.input, [&](std::int32_t stored) {
    const float root = std::sqrt(std::max(dequantize(stored, types.input), 0.0f)) / types.output.scale;
    return range.clamp(static_cast<std::int32_t>(std::min(root, 512.0f)) + types.output.zero_point);
  });
}

Result<ByteTable> leaky_relu_table(float alpha, const TypePair& types, const Tensor& output) {
  const AffineType in = types.input, out = types.output;
  const IntegerRange range = type_range(out.type);
  const float ratio = in.scale / out.scale;
  const float negative_ratio = ratio * alpha;
  // What the delegate takes, with 8 bits of fraction.
  if (ratio >= 0x1p-8f && ratio <= 0x1p7f && negative_ratio >= -(0x1p7f - 0x1p-8f) && negative_ratio <= 0x1p7f &&
      std::abs(negative_ratio) >= 0x1p-8f) {
    const auto multiplier = static_cast<std::int32_t>(std::nearbyint(ratio * 256.0f));
    const auto negative_multiplier = static_cast<std::int32_t>(std::nearbyint(negative_ratio * 256.0f));
    return fill_table(in, [&](std::int32_t stored) {
      const std::int32_t value = stored - in.zero_point;
      return range.clamp(((value * (value < 0 ? negative_multiplier : multiplier) + 128) >> 8) + out.zero_point);
    });
  }
  const float product = in.scale * alpha;
  const double negative_factor = static_cast<double>(product / out.scale);
  if (!(ratio < 0x1p20f && std::abs(negative_factor) < 0x1p20)) return quantization_error(output, kFarScale);
  const FixedPoint positive = fixed_point(static_cast<double>(ratio)), negative = fixed_point(negative_factor);
  return fill_table(in, [&](std::int32_t stored) {
    const std::int32_t value = stored - in.zero_point;
    const FixedPoint factor = value < 0 ? negative : positive;
    return range.clamp(multiply_rounded_twice(value, factor, Halves::away_from_zero) + out.zero_point);
  });
}

Result<ByteTable> absolute_table(const TypePair& types, const Tensor& output) {
  const AffineType in = types.input, out = types.output;
  const double factor = static_cast<double>(in.scale / out.scale);
  if (!usable_factor(factor)) return quantization_error(output, kFarScale);
  const FixedPoint fixed = fixed_point(factor);
  return fill_table(in, [&](std::int32_t stored) {
    const std::int32_t value = std::abs(stored - in.zero_point);
    return type_range(out.type).clamp(multiply_rounded_twice(value, fixed, Halves::away_from_zero) + out.zero_point);
  });
}

Result<ByteTable> inverse_root_table(const TypePair& types, const Tensor& output) {
  const AffineType in = types.input, out = types.output;
  const IntegerRange range = type_range(out.type);
  const double factor = 1.0 / static_cast<double>(std::sqrt(in.scale) * out.scale);
  constexpr int kFractionBits = 20;
  if (!(factor > 0x1p-11 && factor < 0x1p20)) return quantization_error(output, kFarScale);
  FixedPoint fixed = fixed_point(factor);
  fixed.shift -= kFractionBits;
  return fill_table(in, [&](std::int32_t stored) {
    if (stored <= in.zero_point) return range.high;
    FixedPoint root = inverse_root(stored - in.zero_point);
    root.shift += kFractionBits;
    const std::int32_t fraction = multiply_rounded_twice(1, root, Halves::away_from_zero);
    return range.clamp(multiply_rounded_twice(fraction, fixed, Halves::away_from_zero) + out.zero_point);
  });
}

// --- Hard swish: 16-bit fractions -----------------------------------------------------------------------------------

std::int32_t saturated16(std::int32_t value) { return std::clamp(value, -32768, 32767); }
std::int32_t doubled_high_product16(std::int32_t a, std::int32_t b) {
  const std::int32_t product = a * b, half = 1 << 14;
  return saturated16((product >= 0 ? product + half : product + 1 - half) / (1 << 15));
}
std::int32_t multiplier16(FixedPoint factor) {
  return static_cast<std::int32_t>(std::min<std::int64_t>((factor.multiplier + (1 << 15)) >> 16, 32767));
}
// Beyond the 15 bits of a number the runtime leaves a unit of its sign.
std::int32_t shift_rounded16(std::int32_t value, int shift) {
  if (shift > 15) return value < 0 ? -1 : 1;
  return shift_rounded(value, shift, Halves::away_from_zero);
}

}  // namespace

std::int32_t QuotientElement::operator()(std::int32_t a, std::int32_t b) const {
  const std::int32_t divisor = b - b_zero_point;
  const std::int32_t value = divisor < 0 ? a_zero_point - a : a - a_zero_point;
  if (divisor == 0) return value < 0 ? range.low : range.high;
  const auto magnitude = static_cast<std::uint32_t>(std::abs(divisor));
  // One sign bit stays.
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(value < 0 ? ~value : value)) - 1;
  const std::int32_t reciprocal =
      magnitude < reciprocals.size() && reciprocals[magnitude] != 0 ? reciprocals[magnitude] : reciprocal_of(magnitude);
  const std::int32_t quotient = doubled_high_product(std::int64_t{value} * (std::int64_t{1} << headroom), reciprocal);
  const std::int32_t scaled = doubled_high_product(quotient, factor.multiplier);
  const int shift = 31 - std::countl_zero(magnitude) + headroom - factor.shift;
  const std::int64_t rounded =
      shift <= 31 ? shift_rounded(scaled, shift, Halves::away_from_zero)
                  : std::int64_t{scaled >> (shift - 32)} + (scaled >= 0 ? 1 : 0);  // the processor drops the 32
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(rounded + output_zero_point, range.low, range.high));
}

Result<BinaryArithmetic> binary_arithmetic(BinaryKind kind, const Tensor& a, const Tensor& b, const Tensor& output,
                                           Activation activation) {
  MOBILENET_TRY(const BinaryTypes types, binary_types(a, b, output));
  switch (kind) {
    case BinaryKind::add:
      return sum_arithmetic(Sign::plus, a, b, output, types, activation);
    case BinaryKind::subtract:
      return sum_arithmetic(Sign::minus, a, b, output, types, activation);
    case BinaryKind::multiply:
      return product_arithmetic(output, types, activation);
    case BinaryKind::divide:
      return quotient_arithmetic(output, types, activation);
    case BinaryKind::minimum:
      return BinaryArithmetic(MinimumElement{});
    case BinaryKind::maximum:
      return BinaryArithmetic(MaximumElement{});
    case BinaryKind::squared_difference:
      return squared_difference_arithmetic(output, types);
    case BinaryKind::prelu:
      return prelu_arithmetic(output, types);
    case BinaryKind::power:
      return quantization_error(output, "is a power, which has no integer form");
  }
  return quantization_error(output, "has an unknown operator");
}

Result<ByteTable> unary_table(const UnaryOp& op, const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  if (op.kind == UnaryKind::leaky_relu) return leaky_relu_table(op.alpha, types, output);
  if (op.kind == UnaryKind::tanh) return tanh_table(types);
  if (types.output.type != DataType::i8)
    return quantization_error(output, "is the result of an operator that has no form in u8");
  switch (op.kind) {
    case UnaryKind::absolute:
      return absolute_table(types, output);
    case UnaryKind::elu:
      return elu_table(types);
    case UnaryKind::exp:
      return real_table(types, [](double real) { return std::exp(real); });
    case UnaryKind::log:
      return log_table(types);
    case UnaryKind::negate:  // of what is stored, whatever the scales; -128 has no opposite
      return fill_table(types.input, [](std::int32_t stored) { return -stored; });
    case UnaryKind::rsqrt:
      return inverse_root_table(types, output);
    case UnaryKind::sqrt:
      return sqrt_table(types);
    case UnaryKind::square:
      return quantization_error(output, "is a square, which has no integer form");
    case UnaryKind::leaky_relu:
    case UnaryKind::tanh:
      break;  // above
  }
  return quantization_error(output, "has an unknown operator");
}

Result<ByteTable> hard_swish_table(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  const AffineType in = types.input, out = types.output;
  // Inputs get 7 bits of fraction; what becomes relu6(x + 3) / 6 is x in steps of 3 / 2^15, so that it saturates.
  const float fine_scale = in.scale * (1.0f / 128.0f);
  const double output_factor = static_cast<double>(fine_scale / out.scale);
  const double gate_factor = static_cast<double>(fine_scale / (3.0f / 32768.0f));
  if (!(output_factor > 0x1p-30 && output_factor < 1 && gate_factor > 0x1p-30 && gate_factor < 0x1p14))
    return quantization_error(output, kFarScale);
  const FixedPoint output_fixed = fixed_point(output_factor), gate_fixed = fixed_point(gate_factor);
  if (output_fixed.shift > 0) return quantization_error(output, kFarScale);
  const std::int32_t output_multiplier = multiplier16(output_fixed), gate_multiplier = multiplier16(gate_fixed);
  return fill_table(in, [&](std::int32_t stored) {
    const std::int32_t fine = (stored - in.zero_point) * (1 << 7);
    const std::int32_t scaled = doubled_high_product16(fine, output_multiplier);
    std::int32_t gate = fine;
    const int left = gate_fixed.shift;
    if (left > 0) gate = saturated16(gate * (1 << (left - 1)));
    gate = doubled_high_product16(gate, gate_multiplier);
    if (left > 0) gate = saturated16(gate * 2);
    if (left < 0) gate = shift_rounded16(gate, -left);
    gate = (gate + (1 << 15)) >> 1;
    const std::int32_t product = gate * scaled / (1 << 15);
    return type_range(out.type).clamp(shift_rounded16(product, -output_fixed.shift) + out.zero_point);
  });
}

}  // namespace mobilenet
