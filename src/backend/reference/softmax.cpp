// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Softmax over the last axis.
#include <algorithm>
#include <cmath>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::reference {
namespace {

void softmax_row(const float* x, float* out, std::int64_t length, float beta) {
  // The number with the largest exponent.
  const float top = beta < 0 ? *std::min_element(x, x + length) : *std::max_element(x, x + length);
  const auto exponential = [&](float value) {
    return std::exp((static_cast<double>(value) - static_cast<double>(top)) * static_cast<double>(beta));
  };
  double total = 0;
  for (std::int64_t i = 0; i < length; ++i) total += exponential(x[i]);
  for (std::int64_t i = 0; i < length; ++i) out[i] = static_cast<float>(exponential(x[i]) / total);
}

template <class T>
void softmax_row(const T* x, T* out, std::int64_t length, const SoftmaxArithmetic& softmax) {
  const T maximum = *std::max_element(x, x + length);
  const auto exponential = [&](T value) { return softmax.exponentials[static_cast<std::size_t>(maximum - value)]; };
  float total = 0;
  for (std::int64_t i = 0; i < length; ++i) total += exponential(x[i]);
  const float factor = softmax_factor(softmax, total);
  for (std::int64_t i = 0; i < length; ++i)
    out[i] = static_cast<T>(softmax_element(softmax, exponential(x[i]), factor));
}

// Every row of the last axis; `parameter` is what softmax_row takes last.
template <class T, class Parameter>
void softmax_rows(const Operands& operands, const Parameter& parameter) {
  const std::int64_t length = operands.shape[operands.shape.rank() - 1];
  const std::int64_t elements = operands.shape.elements();
  for (std::int64_t start = 0; start < elements; start += length)
    softmax_row(operands.inputs[0].as<T>() + start, operands.as<T>() + start, length, parameter);
}

}  // namespace

Result<Operator> prepare(const SoftmaxOp& op, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::real)
    return Operator([beta = op.beta](const Operands& operands) { softmax_rows<float>(operands, beta); });
  MOBILENET_TRY(const SoftmaxArithmetic softmax, softmax_arithmetic(view.input(0), view.output(), op.beta));
  return with_integer_type(view.output().type, [&](auto element) {
    using T = decltype(element);
    return Operator([softmax](const Operands& operands) { softmax_rows<T>(operands, softmax); });
  });
}

}  // namespace mobilenet::reference
