// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators of two numbers, whose operands are repeated along the axes that they do not have.
#include <array>
#include <cmath>
#include <memory>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/parameter.h"
#include "network/quantized_elementwise.h"
#include "network/quantized_int16_elementwise.h"

namespace mobilenet::reference {
namespace {

double value_of(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::add:
      return a + b;
    case BinaryKind::divide:
      return a / b;
    case BinaryKind::maximum:
      return a > b || std::isnan(a) ? a : b;
    case BinaryKind::minimum:
      return a < b || std::isnan(a) ? a : b;
    case BinaryKind::multiply:
      return a * b;
    case BinaryKind::power:
      return std::pow(a, b);
    case BinaryKind::prelu:
      return a >= 0 ? a : a * b;
    case BinaryKind::squared_difference:
      return (a - b) * (a - b);
    case BinaryKind::subtract:
      return a - b;
  }
  return a;
}

// The element of an operand that stands at the output's element `index`.
std::int64_t repeated(std::int64_t index, const Shape& out, const Shape& operand) {
  std::int64_t place = 0, step = 1;
  for (int i = out.rank() - 1, j = operand.rank() - 1; j >= 0; --i, --j) {
    if (operand[j] != 1) place += index % out[i] * step;
    step *= operand[j];
    index /= out[i];
  }
  return place;
}

// The operands of a run; constants are the node's own.
template <class T>
struct Pair {
  std::array<std::shared_ptr<const std::vector<T>>, 2> constants;

  const T* data(const Operands& operands, std::size_t i) const {
    return constants[i] ? constants[i]->data() : operands.inputs[i].as<T>();
  }
};

template <class T, class Compute>
Operator loop(Pair<T> pair, const Compute& compute) {
  return [pair = std::move(pair), compute](const Operands& operands) {
    const T *a = pair.data(operands, 0), *b = pair.data(operands, 1);
    auto* out = operands.as<T>();
    const Shape& shape = operands.shape;
    const std::int64_t elements = shape.elements();
    for (std::int64_t i = 0; i < elements; ++i)
      out[i] =
          compute(a[repeated(i, shape, operands.inputs[0].shape)], b[repeated(i, shape, operands.inputs[1].shape)]);
  };
}

template <class T>
Pair<T> integer_pair(const NodeView& view) {
  Pair<T> pair;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!view.input(i).is_constant()) continue;
    std::vector<T> values;
    for (std::int64_t k = 0; k < view.parameter(i).shape.elements(); ++k)
      values.push_back(static_cast<T>(stored_integer(view.parameter(i), k)));
    pair.constants[i] = std::make_shared<const std::vector<T>>(std::move(values));
  }
  return pair;
}

Result<Operator> prepare_int16(const BinaryOp& op, const NodeView& view) {
  MOBILENET_TRY(const Int16BinaryArithmetic arithmetic,
                int16_binary_arithmetic(op.kind, view.input(0), view.input(1), view.output(), op.activation));
  for (std::size_t i = 0; i < 2; ++i)
    if (!view.input(i).is_constant() && view.input(i).type != DataType::i16)
      return failure(ErrorCode::unsupported, "input ", quoted(view.input(i).name), " is ", name_of(view.input(i).type),
                     " and no constant");
  return std::visit(
      [&](const auto& compute) {
        return loop<std::int16_t>(integer_pair<std::int16_t>(view), [compute](std::int16_t a, std::int16_t b) {
          return static_cast<std::int16_t>(compute(a, b));
        });
      },
      arithmetic);
}

}  // namespace

Result<Operator> prepare(const BinaryOp& op, const NodeView& view) {
  for (std::size_t i = 0; i < 2; ++i)
    if (!view.has(i)) return failure(ErrorCode::bad_format, "input ", i, " is missing");
  if (view.output().type == DataType::i16) return prepare_int16(op, view);
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 0));
  if (arithmetic == Arithmetic::real) {
    Pair<float> pair;
    for (std::size_t i = 0; i < 2; ++i) {
      const Tensor& input = view.input(i);
      if (input.is_constant()) {
        MOBILENET_TRY(std::vector<float> values, real_constant(view, i));
        pair.constants[i] = std::make_shared<const std::vector<float>>(std::move(values));
      } else if (input.type != DataType::f32) {
        return failure(ErrorCode::unsupported, "input ", quoted(input.name), " is ", name_of(input.type));
      }
    }
    return loop<float>(std::move(pair), [op](float a, float b) {
      return static_cast<float>(
          activate(op.activation, value_of(op.kind, static_cast<double>(a), static_cast<double>(b))));
    });
  }
  MOBILENET_TRY(const BinaryArithmetic compute,
                binary_arithmetic(op.kind, view.input(0), view.input(1), view.output(), op.activation));
  return with_integer_type(view.output().type, [&](auto element) -> Result<Operator> {
    using T = decltype(element);
    return loop<T>(integer_pair<T>(view),
                   [compute](T a, T b) { return static_cast<T>(binary_element(compute, a, b)); });
  });
}

}  // namespace mobilenet::reference
