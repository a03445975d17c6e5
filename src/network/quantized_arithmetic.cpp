// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/quantized_arithmetic.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/quoted.h"
#include "network/clamp.h"
#include "network/fixed_point.h"
#include "network/quantized_elementwise.h"
#include "network/quantized_types.h"

namespace mobilenet {
namespace {

constexpr float kResizeWeightOne = 2048;

bool usable_scale(float scale) { return std::isfinite(scale) && scale > 0; }

}  // namespace

Error quantization_error(const Tensor& tensor, const char* what) {
  return failure(ErrorCode::unsupported, "tensor ", quoted(tensor.name), " (", name_of(tensor.type), ") ", what);
}

Result<TypePair> type_pair(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const AffineType in, affine_type(input));
  MOBILENET_TRY(const AffineType out, affine_type(output));
  return TypePair{in, out};
}

Result<TypePair> equal_type_pair(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  if (types.input.type != types.output.type) return quantization_error(output, "must have the type of the input");
  return types;
}

bool is_quantized(const Tensor& tensor) {
  return (tensor.type == DataType::u8 || tensor.type == DataType::i8) && tensor.quantization.has_value();
}

IntegerRange type_range(DataType type) { return type == DataType::i8 ? IntegerRange{-128, 127} : IntegerRange{0, 255}; }

Result<AffineType> affine_type(const Tensor& tensor) {
  if (!is_quantized(tensor)) return quantization_error(tensor, "is not a quantised u8 or i8 tensor");
  const Quantization& quantization = *tensor.quantization;
  if (quantization.scales.size() != 1 || quantization.zero_points.size() != 1)
    return quantization_error(tensor, "must have one scale and one zero point");
  const AffineType type{tensor.type, quantization.scales[0], quantization.zero_points[0]};
  if (!usable_scale(type.scale)) return quantization_error(tensor, "has a scale that is not a positive number");
  if (type_range(type.type).clamp(type.zero_point) != type.zero_point)
    return quantization_error(tensor, "has a zero point outside its type");
  return type;
}

Result<AffineType> shared_affine_type(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  if (types.input == types.output) return types.output;
  return failure(ErrorCode::unsupported, "tensors ", quoted(input.name), " and ", quoted(output.name),
                 " must have one type, scale and zero point");
}

IntegerRange activation_range(Activation activation, const AffineType& output) {
  const IntegerRange range = type_range(output.type);
  const ClampRange real = clamp_of(activation);
  const auto stored = [&](float value) {
    const float scaled = value / output.scale + static_cast<float>(output.zero_point);
    return static_cast<std::int32_t>(
        std::nearbyint(std::clamp(scaled, static_cast<float>(range.low), static_cast<float>(range.high))));
  };
  return {stored(real.low), stored(real.high)};
}

IntegerRange activation_range_half_away(Activation activation, const AffineType& output) {
  const IntegerRange range = type_range(output.type);
  const ClampRange real = clamp_of(activation);
  const auto stored = [&](float value) {
    // 512 is beyond both types' reach from any zero point.
    const float scaled = std::round(std::clamp(value / output.scale, -512.0f, 512.0f));
    return range.clamp(static_cast<std::int32_t>(scaled) + output.zero_point);
  };
  return {stored(real.low), stored(real.high)};
}

Result<ConvolutionArithmetic> convolution_arithmetic(const Tensor& input, const Tensor& weight, const Tensor& output,
                                                     Activation activation, int outputs) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  if (types.input.type != types.output.type) return quantization_error(output, "must have the type of the input");
  if (weight.type != types.input.type || !weight.quantization)
    return quantization_error(weight, "must be quantised with the type of the input");
  const Quantization& quantization = *weight.quantization;
  const std::size_t count = quantization.scales.size();
  if ((count != 1 && count != static_cast<std::size_t>(outputs)) || quantization.zero_points.size() != count)
    return failure(ErrorCode::unsupported, "tensor ", quoted(weight.name), " has ", count, " scales for ", outputs,
                   " output channels");
  if (weight.type == DataType::u8 && count != 1) return quantization_error(weight, "must have one scale");

  ConvolutionArithmetic arithmetic;
  arithmetic.input_zero_point = types.input.zero_point;
  arithmetic.output_zero_point = types.output.zero_point;
  arithmetic.range = activation_range(activation, types.output);
  for (const std::int32_t zero_point : quantization.zero_points)
    if (weight.type == DataType::i8 ? zero_point != 0 : type_range(weight.type).clamp(zero_point) != zero_point)
      return quantization_error(weight, "has an impossible zero point");
  arithmetic.weight_zero_point = quantization.zero_points[0];
  arithmetic.scales.reserve(static_cast<std::size_t>(outputs));
  for (int channel = 0; channel < outputs; ++channel) {
    const float scale = quantization.scales[count == 1 ? 0 : static_cast<std::size_t>(channel)];
    // In this order, each step rounded to float.
    const float product = types.input.scale * scale;
    const float factor = product / types.output.scale;
    // A dead channel may have a scale of zero; its products are zero too.
    if (!std::isfinite(factor) || !(factor >= 0))
      return quantization_error(weight, "has a scale that is not a positive number");
    arithmetic.scales.push_back(factor);
  }
  return arithmetic;
}

Result<AddArithmetic> add_arithmetic(const Tensor& a, const Tensor& b, const Tensor& output, Activation activation) {
  MOBILENET_TRY(const TypePair types, type_pair(a, output));
  MOBILENET_TRY(const AffineType second, affine_type(b));
  if (types.input.type != types.output.type || second.type != types.output.type)
    return quantization_error(output, "must have the type of both inputs");
  const float a_ratio = types.input.scale / types.output.scale;
  const float b_ratio = second.scale / types.output.scale;
  const float larger = std::max(a_ratio, b_ratio);
  if (!(larger >= 0x1p-10f && larger < 0x1p8f))
    return quantization_error(output, "has a scale too far from those of the inputs");

  AddArithmetic add;
  // The larger multiplier gets 21 bits.
  add.shift = 20 - std::ilogb(larger);
  add.a_multiplier = static_cast<std::int32_t>(std::lrint(std::ldexp(static_cast<double>(a_ratio), add.shift)));
  add.b_multiplier = static_cast<std::int32_t>(std::lrint(std::ldexp(static_cast<double>(b_ratio), add.shift)));
  add.bias = (1 << (add.shift - 1)) - types.input.zero_point * add.a_multiplier - second.zero_point * add.b_multiplier;
  add.output_zero_point = types.output.zero_point;
  add.range = activation_range(activation, types.output);
  return add;
}

Result<MeanArithmetic> mean_arithmetic(const Tensor& input, const Tensor& output, std::int64_t count) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  if (types.input.type != types.output.type) return quantization_error(output, "must have the type of the input");
  MeanArithmetic mean;
  const float ratio = types.input.scale / types.output.scale;
  mean.scale = ratio * (1.0f / static_cast<float>(count));
  const float input_zero = static_cast<float>(types.input.zero_point * count) * mean.scale;
  mean.bias = static_cast<float>(types.output.zero_point) - input_zero;
  mean.range = type_range(types.output.type);
  if (!std::isfinite(mean.scale) || !std::isfinite(mean.bias))
    return quantization_error(output, "has a scale too far from that of the input");
  return mean;
}

std::int32_t mean_element(const MeanArithmetic& mean, std::int32_t sum) {
  const float product = static_cast<float>(sum) * mean.scale;
  const float value =
      std::clamp(product + mean.bias, static_cast<float>(mean.range.low), static_cast<float>(mean.range.high));
  return static_cast<std::int32_t>(std::nearbyint(value));
}

Result<ByteTable> activation_table(Activation activation, const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  const AffineType in = types.input, out = types.output;
  switch (activation) {
    case Activation::sigmoid:
      return fill_table(in, [&](std::int32_t stored) {
        const double exponential = std::exp(static_cast<double>(dequantize(stored, in)));
        const double value = std::isinf(exponential) ? 1.0 : exponential / (1.0 + exponential);
        const float scaled = static_cast<float>(value) * (1.0f / out.scale);  // rounded once the zero point is added
        return quantize(scaled + static_cast<float>(out.zero_point), 1, 0, type_range(out.type));
      });
    case Activation::none:
    case Activation::relu:
    case Activation::relu6:
    case Activation::relu_n1_to_1:
    case Activation::relu_0_to_1: {
      const double factor = static_cast<double>(in.scale / out.scale);
      if (!usable_factor(factor)) return quantization_error(output, "has a scale too far from that of the input");
      const FixedPoint fixed = fixed_point(factor);
      const IntegerRange range = activation_range_half_away(activation, out);
      // The last two have a kernel without vectors.
      const bool ends_at_one = clamp_of(activation).high == 1;
      const Halves halves = ends_at_one ? Halves::away_from_zero : Halves::up;
      return fill_table(in, [&](std::int32_t stored) {
        return range.clamp(multiply_rounded_twice(stored - in.zero_point, fixed, halves) + out.zero_point);
      });
    }
    case Activation::hard_swish:
      return hard_swish_table(input, output);
    case Activation::hard_sigmoid:
      return failure(ErrorCode::unsupported, "this activation has no integer form here (tensor ", quoted(output.name),
                     ")");
  }
  return quantization_error(output, "has an unknown activation");
}

Result<RescaleTables> rescale_tables(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  const AffineType in = types.input, out = types.output;
  const IntegerRange range = type_range(out.type);
  const float ratio = in.scale / out.scale;
  if (in.type == out.type && ratio >= 0x1p-8f && ratio <= 0x1p7f) {
    const std::int32_t multiplier = static_cast<std::int32_t>(std::nearbyint(ratio * 256.0f));
    const ByteTable table = fill_table(in, [&](std::int32_t stored) {
      return range.clamp((((stored - in.zero_point) * multiplier + 128) >> 8) + out.zero_point);
    });
    return RescaleTables{table, table};
  }
  const double factor = static_cast<double>(in.scale) / static_cast<double>(out.scale);
  if (!usable_factor(factor)) return quantization_error(output, "has a scale too far from that of the input");
  const FixedPoint fixed = fixed_point(factor);
  const auto table = [&](Halves halves) {
    return fill_table(in, [&](std::int32_t stored) {
      return range.clamp(multiply_rounded_twice(stored - in.zero_point, fixed, halves) + out.zero_point);
    });
  };
  return RescaleTables{table(Halves::up), table(Halves::away_from_zero)};
}

Result<ByteTable> concat_table(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  const AffineType in = types.input, out = types.output;
  if (in.type != out.type) return quantization_error(output, "must have the type of the inputs");
  if (in == out) return fill_table(in, [](std::int32_t stored) { return stored; });
  const IntegerRange range = type_range(out.type);
  const float scale = in.scale * (1.0f / out.scale);
  if (!(scale < 0x1p20f)) return quantization_error(output, "has a scale too far from that of the input");
  const float bias = static_cast<float>(-in.zero_point) * scale;
  return fill_table(in, [&](std::int32_t stored) {
    const float product = static_cast<float>(stored) * scale;
    const float value = std::clamp(product + bias, -512.0f, 512.0f);
    return range.clamp(static_cast<std::int32_t>(std::round(value)) + out.zero_point);
  });
}

Result<StoredElement> pad_element(const PadOp& op, const Tensor& input, const Tensor& output) {
  StoredElement element{};
  if (output.type == DataType::f32) {
    std::memcpy(element.data(), &op.value, sizeof op.value);
  } else if (output.type == DataType::i16) {
    if (op.value != 0) return failure(ErrorCode::unsupported, "padding 16-bit integers by anything but zero");
  } else {
    MOBILENET_TRY(const AffineType type, shared_affine_type(input, output));
    element[0] = static_cast<std::byte>(quantize(op.value, 1.0f / type.scale, type.zero_point, type_range(type.type)));
  }
  return element;
}

Result<SoftmaxArithmetic> softmax_arithmetic(const Tensor& input, const Tensor& output, float beta) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  if (types.input.type != types.output.type) return quantization_error(output, "must have the type of the input");
  if (!std::isfinite(beta)) return quantization_error(output, "is a softmax with an impossible beta");
  SoftmaxArithmetic softmax;
  softmax.output = types.output;
  const float step = -types.input.scale * beta;
  for (std::size_t distance = 0; distance < softmax.exponentials.size(); ++distance)
    softmax.exponentials[distance] = std::exp(step * static_cast<float>(distance));
  return softmax;
}

std::int32_t softmax_element(const SoftmaxArithmetic& softmax, float exponential, float factor) {
  const IntegerRange range = type_range(softmax.output.type);
  const float scaled = exponential * factor;
  // Also keeps what a hostile beta makes infinite or NaN out of the conversion.
  const float bounded = scaled < 512.0f ? scaled : 512.0f;
  // The two types differ in how they round; both reach the same integer except where the addition itself rounds.
  const float rounded = softmax.output.type == DataType::u8 ? std::floor(bounded + 0.5f) : std::round(bounded);
  return range.clamp(static_cast<std::int32_t>(rounded) + softmax.output.zero_point);
}

ResizeTap resize_tap(std::int64_t position, std::int64_t input, std::int64_t output, const ResizeBilinearOp& op) {
  const bool corners = op.enlargement == Enlargement::align_corners && output > 1;
  const float scale =
      static_cast<float>(corners ? input - 1 : input) / static_cast<float>(corners ? output - 1 : output);
  const bool centers = op.enlargement == Enlargement::half_pixel_centers;
  const float offset = centers ? 0.5f * scale - 0.5f : 0.0f;
  const float product = static_cast<float>(position) * scale;
  const float source = std::clamp(product + offset, 0.0f, static_cast<float>(input - 1));
  const auto last = static_cast<std::int32_t>(input - 1);
  ResizeTap tap;
  tap.low = std::min(static_cast<std::int32_t>(source), last);
  tap.high = std::min(tap.low + 1, last);
  tap.fraction = source - static_cast<float>(tap.low);
  tap.weight = static_cast<std::int32_t>(std::nearbyint(tap.fraction * kResizeWeightOne));
  return tap;
}

std::vector<ResizeTap> resize_taps(std::int64_t input, std::int64_t output, const ResizeBilinearOp& op) {
  std::vector<ResizeTap> taps;
  taps.reserve(static_cast<std::size_t>(output));
  for (std::int64_t position = 0; position < output; ++position)
    taps.push_back(resize_tap(position, input, output, op));
  return taps;
}

namespace {

// In 1/1024 of a pixel.
ResizeTap fixed_resize_tap(std::int64_t position, std::int64_t input, std::int64_t output, const ResizeBilinearOp& op) {
  const bool corners = op.enlargement == Enlargement::align_corners && output > 1;
  const std::int64_t scale =
      corners ? (1024 * (input - 1) + (output - 1) / 2) / (output - 1) : (1024 * input + output / 2) / output;
  const bool centers = op.enlargement == Enlargement::half_pixel_centers;
  const std::int64_t source = position * scale + (centers ? scale / 2 - 512 : 0);
  ResizeTap tap;
  // Many positions of a rounded scale may lead past the end.
  tap.low = static_cast<std::int32_t>(std::clamp<std::int64_t>(source / 1024, 0, input - 1));
  tap.high = static_cast<std::int32_t>(std::clamp<std::int64_t>((source + 1023) / 1024, 0, input - 1));
  tap.weight = static_cast<std::int32_t>(source - std::int64_t{1024} * tap.low);
  return tap;
}

ResizeTap floating_resize_tap(std::int64_t position, std::int64_t input, std::int64_t output,
                              const ResizeBilinearOp& op) {
  const bool corners = op.enlargement == Enlargement::align_corners && output > 1;
  const float scale =
      static_cast<float>(corners ? input - 1 : input) / static_cast<float>(corners ? output - 1 : output);
  const auto place = static_cast<float>(position);
  const bool centers = op.enlargement == Enlargement::half_pixel_centers;
  const float source = centers ? (place + 0.5f) * scale - 0.5f : place * scale;
  const float last = static_cast<float>(input - 1);
  ResizeTap tap;
  tap.low = static_cast<std::int32_t>(std::clamp(std::floor(source), 0.0f, last));
  tap.high = static_cast<std::int32_t>(std::clamp(std::ceil(source), 0.0f, last));
  tap.fraction = source - static_cast<float>(tap.low);
  return tap;
}

}  // namespace

Result<ResizeRule> resize_rule(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, type_pair(input, output));
  if (types.input.type != types.output.type) return quantization_error(output, "must have the type of the input");
  if (types.input == types.output) return ResizeRule::shared;
  return types.input.type == DataType::i8 ? ResizeRule::fixed : ResizeRule::floating;
}

ResizeTap resize_tap(std::int64_t position, std::int64_t input, std::int64_t output, const ResizeBilinearOp& op,
                     ResizeRule rule) {
  switch (rule) {
    case ResizeRule::shared:
      break;
    case ResizeRule::fixed:
      return fixed_resize_tap(position, input, output, op);
    case ResizeRule::floating:
      return floating_resize_tap(position, input, output, op);
  }
  return resize_tap(position, input, output, op);
}

std::int32_t resize_element(ResizeRule rule, std::int32_t top_left, std::int32_t top_right, std::int32_t bottom_left,
                            std::int32_t bottom_right, const ResizeTap& x, const ResizeTap& y) {
  switch (rule) {
    case ResizeRule::shared:
      break;
    case ResizeRule::fixed: {
      const std::int64_t right = x.weight, left = 1024 - right, below = y.weight, above = 1024 - below;
      const std::int64_t sum = top_left * above * left + bottom_left * below * left + top_right * above * right +
                               bottom_right * below * right;
      constexpr std::int64_t kHalf = 1 << 19, kOne = 1 << 20;
      return static_cast<std::int32_t>((sum > 0 ? sum + kHalf : sum - kHalf) / kOne);
    }
    case ResizeRule::floating: {
      const float right = x.fraction, left = 1 - right, below = y.fraction, above = 1 - below;
      const float top = static_cast<float>(top_left) * (above * left) + static_cast<float>(top_right) * (above * right);
      const float with_left = top + static_cast<float>(bottom_left) * (below * left);
      return static_cast<std::int32_t>(
          std::floor(with_left + static_cast<float>(bottom_right) * (below * right) + 0.5f));
    }
  }
  return resize_element(top_left, top_right, bottom_left, bottom_right, x.weight, y.weight);
}

}  // namespace mobilenet
