// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Changes of type: by scale and zero point, or of the stored numbers as they are.
#include "network/conversion.h"

#include <limits>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::reference {

Result<Operator> prepare(const QuantizeOp&, const NodeView& view) {
  if (!view.has(0) || view.input(0).is_constant())
    return failure(ErrorCode::unsupported, "its input is missing or a constant");
  const Tensor& input = view.input(0);
  const Tensor& output = view.output();
  if (is_quantized(input) && is_quantized(output)) {
    MOBILENET_TRY(const RescaleTables tables, rescale_tables(input, output));
    return Operator([tables](const Operands& operands) {
      const auto* x = operands.inputs[0].as<std::uint8_t>();
      auto* out = operands.as<std::uint8_t>();
      const std::int64_t elements = operands.shape.elements(), of_picture = elements / operands.batch;
      const std::int64_t in_vectors = of_picture - of_picture % kRescaleVector;
      for (std::int64_t i = 0; i < elements; ++i)
        out[i] = (i % of_picture < in_vectors ? tables.vectors : tables.rest)[x[i]];
    });
  }
  if (is_quantized(input) && output.type == DataType::f32) {
    MOBILENET_TRY(const AffineType type, affine_type(input));
    return with_integer_type(type.type, [&](auto element) {
      using T = decltype(element);
      return Operator([type](const Operands& operands) {
        const auto* x = operands.inputs[0].as<T>();
        auto* out = operands.as<float>();
        const std::int64_t elements = operands.shape.elements();
        for (std::int64_t i = 0; i < elements; ++i) out[i] = dequantize(x[i], type);
      });
    });
  }
  if (input.type == DataType::f32 && is_quantized(output)) {
    MOBILENET_TRY(const AffineType type, affine_type(output));
    return with_integer_type(type.type, [&](auto element) {
      using T = decltype(element);
      return Operator([type](const Operands& operands) {
        const auto* x = operands.inputs[0].as<float>();
        auto* out = operands.as<T>();
        const std::int64_t elements = operands.shape.elements();
        const float inverse_scale = 1.0f / type.scale;
        for (std::int64_t i = 0; i < elements; ++i)
          out[i] = static_cast<T>(quantize(x[i], inverse_scale, type.zero_point, type_range(type.type)));
      });
    });
  }
  return failure(ErrorCode::unsupported, "cannot convert ", quoted(input.name), " (", name_of(input.type), ") to ",
                 quoted(output.name), " (", name_of(output.type), ")");
}

Result<Operator> prepare(const CastOp&, const NodeView& view) {
  if (!view.has(0) || view.input(0).is_constant())
    return failure(ErrorCode::unsupported, "its input is missing or a constant");
  Operator made;
  const bool known = with_number_types(view.input(0).type, view.output().type, [&]<class From, class To>(From, To) {
    made = [](const Operands& operands) {
      const auto* x = operands.inputs[0].as<From>();
      auto* out = operands.as<To>();
      const std::int64_t elements = operands.shape.elements();
      for (std::int64_t i = 0; i < elements; ++i) out[i] = cast_number<To>(x[i]);
    };
  });
  if (known) return made;
  return failure(ErrorCode::unsupported, "cannot cast ", name_of(view.input(0).type), " to ",
                 name_of(view.output().type));
}

}  // namespace mobilenet::reference
