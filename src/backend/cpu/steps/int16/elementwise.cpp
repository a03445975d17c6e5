// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Functions of one number, changes of type, softmax.

#include <algorithm>

#include "backend/cpu/steps/int16/steps.h"
#include "base/error.h"
#include "network/quantized_int16_elementwise.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 8 * 1024;  // numbers; fewer are not worth another thread

// From, To: the stored types. Compute: the formula of one number.
template <class From, class To, class Compute>
struct EachStep {
  Compute compute;
  Place input, output;
  std::size_t count = 0;

  void run(RunContext& context) const {
    const auto* const in = reinterpret_cast<const From*>(context.at(input));
    auto* const out = reinterpret_cast<To*>(context.at(output));
    context.for_parts(count, kGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) out[i] = static_cast<To>(compute(in[i]));
    });
  }
};

template <class From, class To, class Compute>
CompiledStep each(const StepSource& source, const Compute& compute) {
  const Node& node = source.node(source.step.nodes.front());
  return step_of(EachStep<From, To, Compute>{compute, source.place(node.inputs[0]), source.place(node.output),
                                             static_cast<std::size_t>(source.shape(node.output).elements())});
}

Result<CompiledStep> rescale(const StepSource& source, Activation activation) {
  const Node& node = source.node(source.step.nodes.front());
  const Tensor &input = source.tensor(node.inputs[0]), &output = source.tensor(node.output);
  MOBILENET_TRY(const Int16RescaleArithmetic arithmetic, int16_rescale_arithmetic(input, output, activation));
  const auto compute = [arithmetic](std::int32_t x) { return int16_rescale_element(arithmetic, x); };
  if (input.type == DataType::i8) return each<std::int8_t, std::int16_t>(source, compute);
  if (input.type == DataType::u8) return each<std::uint8_t, std::int16_t>(source, compute);
  if (output.type == DataType::i8) return each<std::int16_t, std::int8_t>(source, compute);
  return each<std::int16_t, std::int16_t>(source, compute);
}

struct SoftmaxStep {
  Int16SoftmaxArithmetic softmax;
  Place input, output;
  std::size_t rows = 0, columns = 0;

  void run(RunContext& context) const {
    context.for_each(rows, [&](std::size_t row) {
      const auto* const x = reinterpret_cast<const std::int16_t*>(context.at(input)) + row * columns;
      auto* const out = reinterpret_cast<std::int16_t*>(context.at(output)) + row * columns;
      const std::int32_t top = *std::max_element(x, x + columns);
      std::int64_t total = 0;
      for (std::size_t i = 0; i < columns; ++i) total += int16_exponential(softmax, x[i] - top);
      const Int16SoftmaxFactor factor = int16_softmax_factor(softmax, total);
      for (std::size_t i = 0; i < columns; ++i)
        out[i] = static_cast<std::int16_t>(int16_softmax_element(int16_exponential(softmax, x[i] - top), factor));
    });
  }
};

}  // namespace

Result<CompiledStep> compile_int16_activation(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Activation activation = std::get<ActivationOp>(node.op).activation;
  if (activation != Activation::sigmoid) return rescale(source, activation);
  MOBILENET_TRY(const Int16SigmoidArithmetic sigmoid,
                int16_sigmoid_arithmetic(source.tensor(node.inputs[0]), source.tensor(node.output)));
  return each<std::int16_t, std::int16_t>(source,
                                          [sigmoid](std::int32_t x) { return int16_sigmoid_element(sigmoid, x); });
}

Result<CompiledStep> compile_int16_unary(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  MOBILENET_TRY(const Int16Table table, int16_unary_table(std::get<UnaryOp>(node.op), source.tensor(node.inputs[0]),
                                                          source.tensor(node.output)));
  return each<std::int16_t, std::int16_t>(source, table);
}

Result<CompiledStep> compile_int16_quantize(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Tensor &input = source.tensor(node.inputs[0]), &output = source.tensor(node.output);
  if (input.type == DataType::f32) {
    MOBILENET_TRY(const float scale, int16_scale(output));
    return each<float, std::int16_t>(
        source, [inverse = 1.0f / scale](float x) { return quantize(x, inverse, 0, kInt16Range); });
  }
  if (output.type == DataType::f32) {
    MOBILENET_TRY(const float scale, int16_scale(input));
    return each<std::int16_t, float>(source, [scale](std::int16_t x) { return static_cast<float>(x) * scale; });
  }
  return rescale(source, Activation::none);
}

Result<CompiledStep> compile_int16_softmax(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape& shape = source.shape(node.output);
  SoftmaxStep step;
  MOBILENET_TRY(step.softmax, int16_softmax_arithmetic(source.tensor(node.inputs[0]), source.tensor(node.output),
                                                       std::get<SoftmaxOp>(node.op).beta));
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.columns = static_cast<std::size_t>(shape[shape.rank() - 1]);
  step.rows = static_cast<std::size_t>(shape.elements()) / step.columns;
  return step_of(std::move(step));
}

}  // namespace mobilenet::cpu
