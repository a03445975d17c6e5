// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators whose every output element depends on the same element of each input: batch norm, activation, functions of
// one number, addition.
#include <cmath>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "base/quoted.h"
#include "network/quantized_elementwise.h"

namespace mobilenet::reference {
namespace {

// Any 8-bit type to any other.
Operator lookup(const ByteTable& table) {
  return [table](const Operands& operands) {
    const auto* x = operands.inputs[0].as<std::uint8_t>();
    auto* out = operands.as<std::uint8_t>();
    const std::int64_t elements = operands.shape.elements();
    for (std::int64_t i = 0; i < elements; ++i) out[i] = table[x[i]];
  };
}

double value_of(const UnaryOp& op, double x) {
  switch (op.kind) {
    case UnaryKind::absolute:
      return std::abs(x);
    case UnaryKind::elu:
      return x < 0 ? std::expm1(x) : x;
    case UnaryKind::exp:
      return std::exp(x);
    case UnaryKind::leaky_relu:
      return x < 0 ? x * static_cast<double>(op.alpha) : x;
    case UnaryKind::log:
      return std::log(x);
    case UnaryKind::negate:
      return -x;
    case UnaryKind::rsqrt:
      return 1 / std::sqrt(x);
    case UnaryKind::sqrt:
      return std::sqrt(x);
    case UnaryKind::square:
      return x * x;
    case UnaryKind::tanh:
      return std::tanh(x);
  }
  return x;
}

}  // namespace

Result<Operator> prepare(const BatchNormOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::integer)
    return failure(ErrorCode::unsupported, "batch norm has no integer form (output ", quoted(view.output().name), ")");
  std::array<std::vector<float>, 4> constants;  // gamma, beta, mean, variance
  for (std::size_t i = 0; i < 4; ++i) {
    if (!view.has(i + 1)) return failure(ErrorCode::bad_format, "batch norm needs gamma, beta, mean and variance");
    MOBILENET_TRY(constants[i], real_constant(view, i + 1));
    if (constants[i].size() != constants[0].size())
      return failure(ErrorCode::bad_format, "batch norm's constants have ", constants[0].size(), " and ",
                     constants[i].size(), " values");
  }
  return Operator([constants = std::move(constants), epsilon = op.epsilon](const Operands& operands) {
    const auto& [gamma, beta, mean, variance] = constants;
    const auto* x = operands.inputs[0].as<float>();
    auto* out = operands.as<float>();
    const std::size_t channels = gamma.size();
    const auto elements = static_cast<std::size_t>(operands.shape.elements());
    for (std::size_t i = 0; i < elements; ++i) {
      const std::size_t c = i % channels;
      const double centred = static_cast<double>(x[i]) - static_cast<double>(mean[c]);
      const double deviation = std::sqrt(static_cast<double>(variance[c]) + epsilon);
      out[i] = static_cast<float>(centred / deviation * static_cast<double>(gamma[c]) + static_cast<double>(beta[c]));
    }
  });
}

Result<Operator> prepare(const ActivationOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::integer) {
    MOBILENET_TRY(const ByteTable table, activation_table(op.activation, view.input(0), view.output()));
    return lookup(table);
  }
  return Operator([activation = op.activation](const Operands& operands) {
    const auto* x = operands.inputs[0].as<float>();
    auto* out = operands.as<float>();
    const std::int64_t elements = operands.shape.elements();
    for (std::int64_t i = 0; i < elements; ++i)
      out[i] = static_cast<float>(activate(activation, static_cast<double>(x[i])));
  });
}

Result<Operator> prepare(const AddOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 2));
  if (arithmetic == Arithmetic::real)
    return Operator([activation = op.activation](const Operands& operands) {
      const auto* a = operands.inputs[0].as<float>();
      const auto* b = operands.inputs[1].as<float>();
      auto* out = operands.as<float>();
      const std::int64_t elements = operands.shape.elements();
      for (std::int64_t i = 0; i < elements; ++i)
        out[i] = static_cast<float>(activate(activation, static_cast<double>(a[i]) + static_cast<double>(b[i])));
    });
  MOBILENET_TRY(const AddArithmetic add, add_arithmetic(view.input(0), view.input(1), view.output(), op.activation));
  return with_integer_type(view.output().type, [&](auto element) {
    using T = decltype(element);
    return Operator([add](const Operands& operands) {
      const auto* a = operands.inputs[0].as<T>();
      const auto* b = operands.inputs[1].as<T>();
      auto* out = operands.as<T>();
      const std::int64_t elements = operands.shape.elements();
      for (std::int64_t i = 0; i < elements; ++i) out[i] = static_cast<T>(add_element(add, a[i], b[i]));
    });
  });
}

Result<Operator> prepare(const UnaryOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::integer) {
    MOBILENET_TRY(const ByteTable table, unary_table(op, view.input(0), view.output()));
    return lookup(table);
  }
  return Operator([op](const Operands& operands) {
    const auto* x = operands.inputs[0].as<float>();
    auto* out = operands.as<float>();
    const std::int64_t elements = operands.shape.elements();
    for (std::int64_t i = 0; i < elements; ++i) out[i] = static_cast<float>(value_of(op, static_cast<double>(x[i])));
  });
}

}  // namespace mobilenet::reference
