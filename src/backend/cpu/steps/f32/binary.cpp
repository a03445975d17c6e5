// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators of two numbers whose operands are repeated along the axes that they do not have.

#include <cmath>

#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/steps/broadcast.h"
#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // numbers; fewer are not worth another thread

struct BinaryStep {
  const ElementwiseKernels* kernels = nullptr;
  Operand a, b;
  Place output;
  Broadcast loop;
  Activation activation = Activation::none;
};

template <BinaryKind kKind>
float compute(float a, float b) {
  switch (kKind) {
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

template <BinaryKind kKind>
void run_binary(const BinaryStep& step, RunContext& context) {
  const float *a = step.a.data(context), *b = step.b.data(context);
  float* const out = floats_at(context, step.output);
  for_runs(context, step.loop, kGrain,
           [&](const Broadcast& part, std::size_t at_a, std::size_t at_b, std::size_t at_out) {
             float* const to = out + at_out;
             compute_run(part, a + at_a, b + at_b, to, compute<kKind>);
             if (step.activation != Activation::none) step.kernels->activate(step.activation, to, to, part.run);
           });
}

CompiledStep step_of_kind(BinaryKind kind, BinaryStep step) {
  switch (kind) {
    case BinaryKind::add:
      return step_of<&run_binary<BinaryKind::add>>(std::move(step));
    case BinaryKind::divide:
      return step_of<&run_binary<BinaryKind::divide>>(std::move(step));
    case BinaryKind::maximum:
      return step_of<&run_binary<BinaryKind::maximum>>(std::move(step));
    case BinaryKind::minimum:
      return step_of<&run_binary<BinaryKind::minimum>>(std::move(step));
    case BinaryKind::multiply:
      return step_of<&run_binary<BinaryKind::multiply>>(std::move(step));
    case BinaryKind::power:
      return step_of<&run_binary<BinaryKind::power>>(std::move(step));
    case BinaryKind::prelu:
      return step_of<&run_binary<BinaryKind::prelu>>(std::move(step));
    case BinaryKind::squared_difference:
      return step_of<&run_binary<BinaryKind::squared_difference>>(std::move(step));
    case BinaryKind::subtract:
      break;
  }
  return step_of<&run_binary<BinaryKind::subtract>>(std::move(step));
}

}  // namespace

Result<CompiledStep> compile_binary(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto& op = std::get<BinaryOp>(node.op);
  BinaryStep step;
  step.kernels = source.kernels.f32_elementwise;
  MOBILENET_TRY(step.a, operand(source, node.inputs[0]));
  MOBILENET_TRY(step.b, operand(source, node.inputs[1]));
  step.output = source.place(node.output);
  step.loop = broadcast_loop(source.shape(node.inputs[0]), source.shape(node.inputs[1]), source.shape(node.output));
  step.activation = op.activation;
  return step_of_kind(op.kind, std::move(step));
}

}  // namespace mobilenet::cpu
