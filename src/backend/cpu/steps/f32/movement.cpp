// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Concatenation, and the reshape of a constant.

#include <cstring>
#include <vector>

#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kGrain = 32 * 1024;  // floats; fewer are not worth another thread

// Every input is `rows` runs of floats, and so are the parts of the output's rows that they fill.
struct JoinStep {
  struct Input {
    Operand operand;
    std::size_t run = 0, place = 0;  // floats
  };
  std::vector<Input> inputs;
  Place output;
  std::size_t rows = 0, output_run = 0;
};

void run_join(const JoinStep& step, RunContext& context) {
  float* output = floats_at(context, step.output);
  context.for_parts(step.rows, 1 + kGrain / step.output_run, [&](std::size_t begin, std::size_t end) {
    for (const JoinStep::Input& input : step.inputs) {
      const float* from = input.operand.data(context);
      for (std::size_t row = begin; row < end; ++row)
        std::memcpy(output + row * step.output_run + input.place, from + row * input.run, input.run * sizeof(float));
    }
  });
}

}  // namespace

Result<CompiledStep> compile_copy(const StepSource& source) {
  if (source.step.nodes.size() > 1) return compile_convolution(source);  // which takes the concatenation along
  const Node& node = source.node(source.step.nodes.front());
  const Shape& out = source.shape(node.output);
  JoinStep step;
  step.output = source.place(node.output);
  // Everything before the axis counts rows; what is not joined is one row, or one for each thread's share.
  const auto* concat = std::get_if<ConcatOp>(&node.op);
  const int axis = concat != nullptr ? concat->axis : 0;
  step.rows = 1;
  for (int i = 0; i < axis; ++i) step.rows *= static_cast<std::size_t>(out[i]);
  step.output_run = static_cast<std::size_t>(out.elements()) / step.rows;
  std::size_t place = 0;
  const std::size_t inputs = concat != nullptr ? node.inputs.size() : 1;
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::size_t run = static_cast<std::size_t>(source.shape(node.inputs[i]).elements()) / step.rows;
    MOBILENET_TRY(Operand from, operand(source, node.inputs[i]));
    step.inputs.push_back({std::move(from), run, place});
    place += run;
  }
  return step_of<&run_join>(std::move(step));
}

}  // namespace mobilenet::cpu
