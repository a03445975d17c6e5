// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Softmax, its logarithm and L2 normalisation, over the last axis.
#include <algorithm>
#include <cmath>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "network/quantized_reduction.h"

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

// work(x, out, length) for every row.
template <class T, class Work>
Operator rows_of(const Work& work) {
  return [work](const Operands& operands) {
    const std::int64_t length = operands.shape[operands.shape.rank() - 1], elements = operands.shape.elements();
    for (std::int64_t start = 0; start < elements; start += length)
      work(operands.inputs[0].as<T>() + start, operands.as<T>() + start, length);
  };
}

constexpr double kSmallestSquare = 1e-12;  // the runtime divides a row of zeros by its root

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

Result<Operator> prepare(const LogSoftmaxOp&, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::integer) {
    MOBILENET_TRY(const LogSoftmaxArithmetic log_softmax, log_softmax_arithmetic(view.input(0), view.output()));
    return with_integer_type(view.output().type, [&](auto element) {
      using T = decltype(element);
      return rows_of<T>([log_softmax](const T* x, T* out, std::int64_t length) {
        const T maximum = *std::max_element(x, x + length);
        float total = 0;
        for (std::int64_t i = 0; i < length; ++i)
          total += log_softmax.exponentials[static_cast<std::size_t>(maximum - x[i])];
        const float offset = log_softmax_offset(log_softmax, maximum, total);
        for (std::int64_t i = 0; i < length; ++i)
          out[i] = static_cast<T>(log_softmax_element(log_softmax, offset, x[i]));
      });
    });
  }
  return rows_of<float>([](const float* x, float* out, std::int64_t length) {
    const double top = static_cast<double>(*std::max_element(x, x + length));
    double total = 0;
    for (std::int64_t i = 0; i < length; ++i) total += std::exp(static_cast<double>(x[i]) - top);
    for (std::int64_t i = 0; i < length; ++i)
      out[i] = static_cast<float>(static_cast<double>(x[i]) - top - std::log(total));
  });
}

Result<Operator> prepare(const L2NormalizeOp&, const NodeView& view) {
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::integer) {
    MOBILENET_TRY(const L2Arithmetic l2, l2_arithmetic(view.input(0), view.output()));
    return with_integer_type(view.output().type, [&](auto element) {
      using T = decltype(element);
      return rows_of<T>([l2](const T* x, T* out, std::int64_t length) {
        std::int32_t total = 0;
        for (std::int64_t i = 0; i < length; ++i) total += (x[i] - l2.input_zero_point) * (x[i] - l2.input_zero_point);
        const FixedPoint factor = inverse_root(total);
        for (std::int64_t i = 0; i < length; ++i) out[i] = static_cast<T>(l2_element(l2, factor, x[i]));
      });
    });
  }
  return rows_of<float>([](const float* x, float* out, std::int64_t length) {
    double squares = 0;
    for (std::int64_t i = 0; i < length; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    const double norm = std::sqrt(std::max(squares, kSmallestSquare));
    for (std::int64_t i = 0; i < length; ++i) out[i] = static_cast<float>(static_cast<double>(x[i]) / norm);
  });
}

}  // namespace mobilenet::reference
