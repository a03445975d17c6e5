// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators that move values without combining them: concatenation, reshape, padding.
#include <cstring>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::reference {
namespace {

// Values from axis `axis` to the innermost one.
std::int64_t run_length(const Shape& shape, int axis) {
  std::int64_t length = 1;
  for (int i = axis; i < shape.rank(); ++i) length *= shape[i];
  return length;
}

// Interleaves the inputs run by run; copy(input index, from, to, values of the run).
template <class T, class Copy>
void concatenate(int axis, const Operands& operands, const Copy& copy) {
  const std::int64_t total = run_length(operands.shape, axis);
  const std::int64_t runs = operands.shape.elements() / total;
  auto* out = operands.as<T>();
  for (std::int64_t run = 0; run < runs; ++run)
    for (std::size_t k = 0; k < operands.inputs.size(); ++k) {
      const std::int64_t length = run_length(operands.inputs[k].shape, axis);
      copy(k, operands.inputs[k].template as<T>() + run * length, out, length);
      out += length;
    }
}

}  // namespace

Result<Operator> prepare(const ConcatOp& op, const NodeView& view) {
  if (view.node.inputs.empty()) return failure(ErrorCode::bad_format, "it has no inputs");
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, view.node.inputs.size()));
  if (arithmetic == Arithmetic::real)
    return Operator([axis = op.axis](const Operands& operands) {
      concatenate<float>(axis, operands, [](std::size_t, const float* from, float* to, std::int64_t length) {
        std::memcpy(to, from, static_cast<std::size_t>(length) * sizeof(float));
      });
    });
  std::vector<ByteTable> tables;
  for (std::size_t i = 0; i < view.node.inputs.size(); ++i) {
    MOBILENET_TRY(const ByteTable table, concat_table(view.input(i), view.output()));
    tables.push_back(table);
  }
  return Operator([axis = op.axis, tables = std::move(tables)](const Operands& operands) {
    concatenate<std::uint8_t>(axis, operands,
                              [&](std::size_t k, const std::uint8_t* from, std::uint8_t* to, std::int64_t length) {
                                for (std::int64_t i = 0; i < length; ++i) to[i] = tables[k][from[i]];
                              });
  });
}

Result<Operator> prepare(const ReshapeOp&, const NodeView& view) {
  // Any element type: the values are not looked at.
  if (!view.has(0) || view.input(0).is_constant() || view.input(0).type != view.output().type)
    return failure(ErrorCode::unsupported, "its input is missing, a constant or of another type than its output");
  return Operator([element_bytes = size_of(view.output().type)](const Operands& operands) {
    std::memcpy(operands.data, operands.inputs[0].data,
                static_cast<std::size_t>(operands.shape.elements()) * element_bytes);
  });
}

Result<Operator> prepare(const PadOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  int zero_byte = 0;  // the bytes of 0.0f are zeros
  if (arithmetic == Arithmetic::integer) {
    MOBILENET_TRY(const AffineType type, shared_affine_type(view.input(0), view.output()));
    zero_byte = type.zero_point;
  }
  return Operator([op, zero_byte, element_bytes = size_of(view.output().type)](const Operands& operands) {
    const Shape& in = operands.inputs[0].shape;
    const Shape& out = operands.shape;
    std::memset(operands.data, zero_byte, static_cast<std::size_t>(out.elements()) * element_bytes);
    const std::size_t row_bytes = static_cast<std::size_t>(in[2] * in[3]) * element_bytes;
    for (std::int64_t n = 0; n < in[0]; ++n)
      for (std::int64_t y = 0; y < in[1]; ++y) {
        const std::int64_t to = ((n * out[1] + y + op.top) * out[2] + op.left) * out[3];
        std::memcpy(operands.data + static_cast<std::size_t>(to) * element_bytes,
                    operands.inputs[0].data + static_cast<std::size_t>(n * in[1] + y) * row_bytes, row_bytes);
      }
  });
}

}  // namespace mobilenet::reference
