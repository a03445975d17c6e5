// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What the operator families share: the choice of arithmetic, constants as reals, activations.
#include "backend/reference/operators.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/quoted.h"
#include "network/parameter.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::reference {

Result<Arithmetic> arithmetic_of(const NodeView& view, std::size_t activations) {
  const Tensor& output = view.output();
  const bool integer = is_quantized(output);
  if (!integer && output.type != DataType::f32)
    return failure(ErrorCode::unsupported, "output ", quoted(output.name), " is ", name_of(output.type),
                   output.quantization ? "" : " without quantisation");
  for (std::size_t i = 0; i < activations; ++i) {
    if (!view.has(i)) return failure(ErrorCode::bad_format, "input ", i, " is missing");
    const Tensor& input = view.input(i);
    if (input.is_constant()) return failure(ErrorCode::unsupported, "input ", quoted(input.name), " is a constant");
    if (input.type != output.type || is_quantized(input) != integer)
      return failure(ErrorCode::unsupported, "input ", quoted(input.name), " is ", name_of(input.type),
                     input.quantization ? " with" : " without", " quantisation, output ", quoted(output.name), " is ",
                     name_of(output.type), output.quantization ? " with" : " without", " quantisation");
  }
  return integer ? Arithmetic::integer : Arithmetic::real;
}

Result<std::vector<float>> real_constant(const NodeView& view, std::size_t i) {
  const Tensor& tensor = view.input(i);
  if (!tensor.is_constant())
    return failure(ErrorCode::unsupported, "input ", quoted(tensor.name), " is not a constant");
  if (tensor.type == DataType::boolean)
    return failure(ErrorCode::unsupported, "constant ", quoted(tensor.name), " is ", name_of(tensor.type));
  const Parameter& parameter = view.parameter(i);
  if (tensor.quantization && !tensor.quantization->scales.empty()) {
    const Quantization& q = *tensor.quantization;
    const bool per_axis = q.axis >= 0 && q.axis < parameter.shape.rank() &&
                          parameter.shape[q.axis] == static_cast<std::int64_t>(q.scales.size());
    if (q.zero_points.size() != q.scales.size() || (q.scales.size() != 1 && !per_axis))
      return failure(ErrorCode::bad_format, "constant ", quoted(tensor.name), " of ", to_string(parameter.shape),
                     " has ", q.scales.size(), " scales along axis ", q.axis);
  }
  return real_values(tensor, parameter);
}

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::relu6:
      return std::clamp(x, 0.0, 6.0);
    case Activation::relu_n1_to_1:
      return std::clamp(x, -1.0, 1.0);
    case Activation::relu_0_to_1:
      return std::clamp(x, 0.0, 1.0);
    case Activation::hard_swish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case Activation::hard_sigmoid:
      return std::clamp(x + 3, 0.0, 6.0) / 6;
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
  }
  return x;
}

}  // namespace mobilenet::reference
