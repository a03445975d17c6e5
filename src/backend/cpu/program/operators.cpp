// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/operators.h"

#include <algorithm>

#include "base/error.h"
#include "base/quoted.h"
#include "plan/grouping.h"

namespace mobilenet::cpu {
namespace {

const OperatorTable<CompileStep>& operators_of(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::f32:
      return kF32Operators;
    case Arithmetic::int16:
      return kInt16Operators;
    case Arithmetic::int8:
      break;
  }
  return kInt8Operators;
}

Result<void> check_type(const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::f32:
    case DataType::u8:
    case DataType::i8:
    case DataType::i16:
      return {};
    case DataType::f16:
    case DataType::i32:
    case DataType::i64:
    case DataType::boolean:
      break;
  }
  return failure(ErrorCode::unsupported, "tensor ", quoted(tensor.name), " is ", name_of(tensor.type),
                 ", the CPU computes f32, u8, i8 and i16");
}

// Whether an operator only moves elements, whatever they are.
bool moves(const Op& op) {
  return std::holds_alternative<TransposeOp>(op) || std::holds_alternative<SliceOp>(op) ||
         std::holds_alternative<TileOp>(op);
}

Result<const CompileStep*> compiler_of(const Network& network, const Step& step, Precision precision) {
  const Op& op = network.node(step.nodes.front()).op;
  // Indices and what becomes of them.
  const bool any_input = std::holds_alternative<CastOp>(op) || moves(op);
  const bool any_output = any_input || std::holds_alternative<ArgMaxOp>(op);
  for (const TensorId input : step.inputs)
    if (!any_input) MOBILENET_CHECK(check_type(network.tensor(input)));
  const Tensor& output = network.tensor(step.output);
  if (!any_output) MOBILENET_CHECK(check_type(output));
  const CompileStep& compile = operators_of(arithmetic_of(network, step, precision))[op];
  if (compile == nullptr)
    return failure(ErrorCode::unsupported, kind_of(op), " with an output of ", name_of(output.type),
                   " cannot run on the CPU");
  return &compile;
}

}  // namespace

Arithmetic arithmetic_of(const Network& network, const Step& step, Precision precision) {
  const auto is_wide = [&](TensorId id) { return network.tensor(id).type == DataType::i16; };
  if (is_wide(step.output) || std::any_of(step.inputs.begin(), step.inputs.end(), is_wide)) return Arithmetic::int16;
  const auto is_float = [&](TensorId id) { return network.tensor(id).type == DataType::f32; };
  if (!is_float(step.output) || !std::all_of(step.inputs.begin(), step.inputs.end(), is_float)) return Arithmetic::int8;
  switch (precision) {
    case Precision::automatic:
    case Precision::source:
    case Precision::f32:
    case Precision::f16:
    case Precision::bf16x3:  // these two in the steps that multiply matrices
    case Precision::bf16:
    case Precision::int8:  // of a network that has floats too
      break;
  }
  return Arithmetic::f32;
}

Result<CompiledStep> compile_step(const StepSource& source) {
  const std::string& name = source.node(source.step.nodes.back()).name;
  auto compile = compiler_of(source.network, source.step, source.precision);
  if (!compile) return at(name, std::move(compile).error());
  auto step = (**compile)(source);
  if (!step) return at(name, std::move(step).error());
  step->name = name;
  const std::vector<int>& nodes = source.step.nodes;
  // A concatenation that has others behind it is part of their work.
  const bool joins = nodes.size() > 1 && std::holds_alternative<ConcatOp>(source.node(nodes.front()).op);
  step->kind = kind_of(source.node(nodes[joins ? 1 : 0]).op);
  return step;
}

Step step_of_node(const Network& network, int index) {
  const Node& node = network.node(index);
  Step step{{index}, {}, node.output, node.extra_outputs};
  for (const TensorId input : node.inputs)
    if (network.is_activation(input)) step.inputs.push_back(input);
  return step;
}

Result<void> check_operators(const Network& network) {
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (is_plain_reshape(network, node)) continue;
    const Step step = step_of_node(network, static_cast<int>(n));
    if (auto compile = compiler_of(network, step, Precision::source); !compile)
      return at(node.name, std::move(compile).error());
  }
  return {};
}

}  // namespace mobilenet::cpu
