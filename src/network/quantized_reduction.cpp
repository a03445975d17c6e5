// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/quantized_reduction.h"

#include <cmath>

#include "base/error.h"
#include "network/quantized_types.h"

namespace mobilenet {

Result<MeanArithmetic> sum_arithmetic(const Tensor& input, const Tensor& output, std::int64_t count) {
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  MeanArithmetic sum;
  sum.scale = types.input.scale / types.output.scale;
  const float input_zero = static_cast<float>(types.input.zero_point * count) * sum.scale;
  sum.bias = static_cast<float>(types.output.zero_point) - input_zero;
  sum.range = type_range(types.output.type);
  if (!std::isfinite(sum.scale) || !std::isfinite(sum.bias))
    return quantization_error(output, "has a scale too far from that of the input");
  return sum;
}

Result<void> check_extreme(const Tensor& input, const Tensor& output) {
  MOBILENET_CHECK(equal_type_pair(input, output));
  return {};
}

Result<L2Arithmetic> l2_arithmetic(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  const bool bytes = types.output.type == DataType::u8;
  if (types.output.scale != 1.0f / 128 || types.output.zero_point != (bytes ? 128 : 0))
    return quantization_error(output, "is an L2 normalisation and must be in steps of 1/128 around its middle");
  return L2Arithmetic{types.input.zero_point, types.output.type};
}

Result<LogSoftmaxArithmetic> log_softmax_arithmetic(const Tensor& input, const Tensor& output) {
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  if (types.output.scale != 16.0f / 256 || types.output.zero_point != type_range(types.output.type).high)
    return quantization_error(output, "is a log-softmax and must be in steps of 1/16 below its largest integer");
  LogSoftmaxArithmetic log_softmax;
  log_softmax.input_scale = types.input.scale;
  log_softmax.ratio = types.input.scale / types.output.scale;
  if (!(types.input.scale < 0x1p40f)) return quantization_error(input, "has a scale without meaning in a log-softmax");
  log_softmax.output = types.output;
  for (std::size_t distance = 0; distance < log_softmax.exponentials.size(); ++distance) {
    const float exponent = -types.input.scale * static_cast<float>(distance);
    log_softmax.exponentials[distance] = static_cast<float>(std::exp(static_cast<double>(exponent)));
  }
  return log_softmax;
}

}  // namespace mobilenet
