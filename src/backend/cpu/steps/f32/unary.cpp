// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Functions of one number, and of one row of the last axis: log softmax, L2 normalisation.

#include <algorithm>
#include <cmath>

#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // numbers; fewer are not worth another thread

struct UnaryStep {
  UnaryOp op;
  Operand input;
  Place output;
  std::size_t count = 0;
};

float value_of(const UnaryOp& op, float x) {
  switch (op.kind) {
    case UnaryKind::absolute:
      return std::fabs(x);
    case UnaryKind::elu:
      return x < 0 ? std::expm1(x) : x;
    case UnaryKind::exp:
      return std::exp(x);
    case UnaryKind::leaky_relu:
      return x < 0 ? x * op.alpha : x;
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

void run_unary(const UnaryStep& step, RunContext& context) {
  const float* const in = step.input.data(context);
  float* const out = floats_at(context, step.output);
  context.for_parts(step.count, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = value_of(step.op, in[i]);
  });
}

struct RowsStep {
  void (*work)(const float* in, float* out, std::size_t count) = nullptr;
  Operand input;
  Place output;
  std::size_t rows = 0, columns = 0;

  void run(RunContext& context) const {
    const float* const in = input.data(context);
    float* const out = floats_at(context, output);
    context.for_parts(rows, 1 + kGrain / columns, [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) work(in + row * columns, out + row * columns, columns);
    });
  }
};

void log_softmax(const float* in, float* out, std::size_t count) {
  const float top = *std::max_element(in, in + count);
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) total += static_cast<double>(std::exp(in[i] - top));
  const auto shift = static_cast<float>(static_cast<double>(top) + std::log(total));
  for (std::size_t i = 0; i < count; ++i) out[i] = in[i] - shift;
}

void normalize(const float* in, float* out, std::size_t count) {
  constexpr double kSmallestSquare = 1e-12;  // the runtime divides a row of zeros by its root
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) squares += static_cast<double>(in[i]) * static_cast<double>(in[i]);
  const auto factor = static_cast<float>(1 / std::sqrt(std::max(squares, kSmallestSquare)));
  for (std::size_t i = 0; i < count; ++i) out[i] = in[i] * factor;
}

}  // namespace

Result<CompiledStep> compile_unary(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  UnaryStep step;
  step.op = std::get<UnaryOp>(node.op);
  MOBILENET_TRY(step.input, operand(source, node.inputs[0]));
  step.output = source.place(node.output);
  step.count = static_cast<std::size_t>(source.shape(node.output).elements());
  return step_of<&run_unary>(std::move(step));
}

Result<CompiledStep> compile_rows(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape& shape = source.shape(node.output);
  RowsStep step;
  step.work = std::holds_alternative<LogSoftmaxOp>(node.op) ? &log_softmax : &normalize;
  MOBILENET_TRY(step.input, operand(source, node.inputs[0]));
  step.output = source.place(node.output);
  step.columns = static_cast<std::size_t>(shape[shape.rank() - 1]);
  step.rows = static_cast<std::size_t>(shape.elements()) / step.columns;
  return step_of(std::move(step));
}

}  // namespace mobilenet::cpu
