// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/quantized_int16_elementwise.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "network/int16_curve.h"
#include "network/quantized_types.h"

namespace mobilenet {
namespace {

constexpr const char* kFarScale = "has a scale too far from those of the inputs";

struct Scales {
  float a = 1, b = 1, output = 1;
};
Result<Scales> scales_of(const Tensor& a, const Tensor& b, const Tensor& output) {
  Scales scales;
  MOBILENET_TRY(scales.a, int16_scale(a));
  MOBILENET_TRY(scales.b, int16_scale(b));
  MOBILENET_TRY(scales.output, int16_scale(output));
  return scales;
}

Result<Int16BinaryArithmetic> quotient_of(const Tensor& output, const Scales& scales, Activation activation) {
  const double factor = static_cast<double>(scales.a / (scales.b * scales.output));
  // Within these bounds the last shift is one to the right by 0..63.
  if (!(factor > 0x1p-16 && factor < 0x1p15)) return quantization_error(output, kFarScale);
  QuotientElement quotient;
  quotient.factor = fixed_point(factor);
  quotient.range = int16_activation_range(activation, scales.output);
  return Int16BinaryArithmetic(quotient);
}

Result<Int16BinaryArithmetic> prelu_of(const Tensor& x, const Tensor& slope, const Tensor& output) {
  MOBILENET_TRY(const float in, int16_scale(x));
  MOBILENET_TRY(const float out, int16_scale(output));
  MOBILENET_TRY(const AffineType slopes, affine_type(slope));
  if (slopes.type != DataType::i8) return quantization_error(slope, "must be i8 beside 16 bits");
  const float ratio = in / out, product = in * slopes.scale;
  const float product_ratio = product / out;
  // 2^15 and 2^23 times these stay in 31 bits.
  if (!(ratio < 0x1p15f && product_ratio < 0x1p7f)) return quantization_error(output, kFarScale);
  PreluElement prelu;
  prelu.b_zero_point = slopes.zero_point;
  prelu.a_factor = fixed_point(static_cast<double>(ratio));
  prelu.product_factor = fixed_point(static_cast<double>(product_ratio));
  prelu.range = kInt16Range;
  return Int16BinaryArithmetic(prelu);
}

// Of a positive scale.
Int16Table table_of_curve(float input_scale, float output_scale, float (*function)(float, float)) {
  const float low = input_scale * -32768, high = input_scale * 32767;
  const float per_unit = 65536 / (output_scale * 32767 - output_scale * -32768);
  const Int16Curve curve = int16_curve<float>(low, high, per_unit, [&](float x) { return function(x, output_scale); });
  return Int16Table([&](std::int32_t stored) { return on_curve(curve, stored); });
}

}  // namespace

Result<Int16BinaryArithmetic> int16_binary_arithmetic(BinaryKind kind, const Tensor& a, const Tensor& b,
                                                      const Tensor& output, Activation activation) {
  if (kind == BinaryKind::prelu) return prelu_of(a, b, output);
  MOBILENET_TRY(const Scales scales, scales_of(a, b, output));
  switch (kind) {
    case BinaryKind::add:
    case BinaryKind::subtract: {
      MOBILENET_TRY(const Int16SumArithmetic sum, int16_sum_arithmetic(kind, a, b, output, activation));
      return Int16BinaryArithmetic(Int16SumElement{sum});
    }
    case BinaryKind::multiply: {
      MOBILENET_TRY(const Int16ProductArithmetic product, int16_product_arithmetic(a, b, output, activation));
      return Int16BinaryArithmetic(Int16ProductElement{product});
    }
    case BinaryKind::divide:
      return quotient_of(output, scales, activation);
    case BinaryKind::minimum:
      return Int16BinaryArithmetic(MinimumElement{});
    case BinaryKind::maximum:
      return Int16BinaryArithmetic(MaximumElement{});
    case BinaryKind::prelu:  // above
    case BinaryKind::power:
    case BinaryKind::squared_difference:
      return quantization_error(output, "is the result of an operator that has no form in 16 bits");
  }
  return quantization_error(output, "has an unknown operator");
}

Result<Int16Table> int16_unary_table(const UnaryOp& op, const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const float in, int16_scale(input));
  MOBILENET_TRY(const float out, int16_scale(output));
  const float ratio = in / out;
  const auto scaled = [](std::int32_t value, FixedPoint factor) {
    return kInt16Range.clamp(multiply_rounded_twice(value, factor, Halves::away_from_zero));
  };
  switch (op.kind) {
    case UnaryKind::absolute: {
      if (!(ratio < 0x1p15f)) return quantization_error(output, kFarScale);
      const FixedPoint factor = fixed_point(static_cast<double>(ratio));
      return Int16Table([&](std::int32_t stored) { return scaled(std::abs(stored), factor); });
    }
    case UnaryKind::leaky_relu: {
      const float product = in * op.alpha;
      const float negative_ratio = product / out;
      if (!(ratio < 0x1p15f && std::abs(negative_ratio) < 0x1p15f)) return quantization_error(output, kFarScale);
      const FixedPoint positive = fixed_point(static_cast<double>(ratio));
      const FixedPoint negative = fixed_point(static_cast<double>(negative_ratio));
      return Int16Table([&](std::int32_t stored) { return scaled(stored, stored < 0 ? negative : positive); });
    }
    case UnaryKind::exp:
      return table_of_curve(in, out, [](float x, float) { return std::exp(x); });
    case UnaryKind::log:
      return table_of_curve(in, out, [](float x, float scale) { return x > 0 ? std::log(x) : -32768 * scale; });
    case UnaryKind::rsqrt:
      return table_of_curve(in, out, [](float x, float scale) { return x > 0 ? 1 / std::sqrt(x) : 32767 * scale; });
    case UnaryKind::tanh: {
      MOBILENET_TRY(const Int16SigmoidArithmetic sigmoid, int16_sigmoid_arithmetic(input, output));
      return Int16Table([&](std::int32_t stored) { return int16_tanh_element(sigmoid, stored); });
    }
    case UnaryKind::elu:
    case UnaryKind::negate:
    case UnaryKind::sqrt:
    case UnaryKind::square:
      return quantization_error(output, "is the result of an operator that has no form in 16 bits");
  }
  return quantization_error(output, "has an unknown operator");
}

}  // namespace mobilenet
