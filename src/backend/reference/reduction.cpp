// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Means, sums and extremes over any axes.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "backend/reference/operators.h"
#include "base/error.h"
#include "network/quantized_int16.h"
#include "network/quantized_reduction.h"

namespace mobilenet::reference {
namespace {

// visit(output element, x) for every element of x: for one output in the order in which they lie in memory.
template <class T, class Visit>
void for_each_reduced(unsigned axes, const Operand& input, const Visit& visit) {
  const Shape& in = input.shape;
  std::array<std::int64_t, Shape::kMaxRank> steps{};  // of the output by axis of the input
  std::int64_t step = 1;
  for (int axis = in.rank() - 1; axis >= 0; --axis)
    if ((axes & 1u << axis) == 0) steps[static_cast<std::size_t>(axis)] = step, step *= in[axis];
  const std::int64_t elements = in.elements();
  for (std::int64_t i = 0; i < elements; ++i) {
    std::int64_t rest = i, place = 0;
    for (int axis = in.rank() - 1; axis >= 0; rest /= in[axis--])
      place += rest % in[axis] * steps[static_cast<std::size_t>(axis)];
    visit(static_cast<std::size_t>(place), input.as<T>()[i]);
  }
}

// A NaN is the extreme of whatever it is among.
float extreme(ReduceKind kind, float best, float x) {
  const bool better = kind == ReduceKind::maximum ? x > best : x < best;
  return better || std::isnan(x) ? x : best;
}

bool is_extreme(ReduceKind kind) { return kind == ReduceKind::maximum || kind == ReduceKind::minimum; }

Result<MeanArithmetic> total_arithmetic(ReduceKind kind, const Tensor& input, const Tensor& output,
                                        std::int64_t count) {
  return kind == ReduceKind::mean ? mean_arithmetic(input, output, count) : sum_arithmetic(input, output, count);
}

// Largest or smallest of stored integers, whatever the scales.
template <class T>
Operator extremes(const ReduceOp& op) {
  return [op](const Operands& operands) {
    const bool maximum = op.kind == ReduceKind::maximum;
    auto* out = operands.as<T>();
    std::fill_n(out, operands.shape.elements(),
                maximum ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max());
    for_each_reduced<T>(op.axes, operands.inputs[0],
                        [&](std::size_t i, T x) { out[i] = maximum ? std::max(out[i], x) : std::min(out[i], x); });
  };
}

Result<Operator> prepare_int16(const ReduceOp& op, const NodeView& view) {
  const Tensor &input = view.input(0), &output = view.output();
  if (is_extreme(op.kind)) {
    MOBILENET_CHECK(check_int16_extreme(input, output));
    return extremes<std::int16_t>(op);
  }
  MOBILENET_CHECK(int16_total_arithmetic(op.kind, input, output, 1));
  return Operator([op, &input, &output](const Operands& operands) {
    thread_local std::vector<std::int64_t> sums;
    const auto outputs = static_cast<std::size_t>(operands.shape.elements());
    sums.assign(outputs, 0);
    for_each_reduced<std::int16_t>(op.axes, operands.inputs[0], [&](std::size_t i, std::int16_t x) { sums[i] += x; });
    const auto count = operands.inputs[0].shape.elements() / static_cast<std::int64_t>(outputs);
    const auto total = int16_total_arithmetic(op.kind, input, output, count);
    for (std::size_t i = 0; total && i < outputs; ++i)
      operands.as<std::int16_t>()[i] = static_cast<std::int16_t>((*total)(sums[i]));
  });
}

Result<Operator> prepare_integer(const ReduceOp& op, const NodeView& view) {
  const Tensor &input = view.input(0), &output = view.output();
  if (is_extreme(op.kind)) {
    MOBILENET_CHECK(check_extreme(input, output));
    return with_integer_type(output.type, [&](auto element) { return extremes<decltype(element)>(op); });
  }
  // Checked here for one number; more only make the scale smaller.
  if (auto total = total_arithmetic(op.kind, input, output, 1); !total) return std::move(total).error();
  return with_integer_type(output.type, [&](auto element) {
    using T = decltype(element);
    return Operator([op, &input, &output](const Operands& operands) {
      thread_local std::vector<std::int32_t> sums;
      const auto outputs = static_cast<std::size_t>(operands.shape.elements());
      sums.assign(outputs, 0);
      for_each_reduced<T>(op.axes, operands.inputs[0], [&](std::size_t i, T x) { sums[i] += x; });
      const auto count = operands.inputs[0].shape.elements() / static_cast<std::int64_t>(outputs);
      const auto total = total_arithmetic(op.kind, input, output, count);
      for (std::size_t i = 0; i < outputs; ++i) operands.as<T>()[i] = static_cast<T>(mean_element(*total, sums[i]));
    });
  });
}

}  // namespace

Result<Operator> prepare(const ReduceOp& op, const NodeView& view) {
  if (view.output().type == DataType::i16) return prepare_int16(op, view);
  MOBILENET_TRY(const Arithmetic arithmetic, arithmetic_of(view, 1));
  if (arithmetic == Arithmetic::integer) return prepare_integer(op, view);
  if (is_extreme(op.kind))
    return Operator([op](const Operands& operands) {
      auto* out = operands.as<float>();
      const float worst = op.kind == ReduceKind::maximum ? -INFINITY : INFINITY;
      std::fill_n(out, operands.shape.elements(), worst);
      for_each_reduced<float>(op.axes, operands.inputs[0],
                              [&](std::size_t i, float x) { out[i] = extreme(op.kind, out[i], x); });
    });
  return Operator([op](const Operands& operands) {
    // One per thread that ever computes here, kept for its next frame.
    thread_local std::vector<double> sums;
    const auto outputs = static_cast<std::size_t>(operands.shape.elements());
    sums.assign(outputs, 0.0);
    for_each_reduced<float>(op.axes, operands.inputs[0],
                            [&](std::size_t i, float x) { sums[i] += static_cast<double>(x); });
    const auto count = static_cast<double>(operands.inputs[0].shape.elements()) / static_cast<double>(outputs);
    for (std::size_t i = 0; i < outputs; ++i)
      operands.as<float>()[i] = static_cast<float>(op.kind == ReduceKind::mean ? sums[i] / count : sums[i]);
  });
}

}  // namespace mobilenet::reference
