// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The steps of floats, one compile function per family of operators, and how each finds its tensors.

#include <memory>

#include "backend/cpu/program/step.h"
#include "backend/cpu/steps/f32/filters.h"

namespace mobilenet::cpu {

inline float* floats_at(const RunContext& context, const Place& place) {
  return reinterpret_cast<float*>(context.at(place));
}
inline float* float_scratch(const RunContext& context) { return reinterpret_cast<float*>(context.scratch); }

// Something that a step reads: a tensor of the arena, or a constant.
struct Operand {
  Place place;
  std::shared_ptr<const AlignedBuffer> constant;

  const float* data(const RunContext& context) const {
    return constant ? constant->as<float>() : floats_at(context, place);
  }
};
Result<Operand> operand(const StepSource& source, TensorId id);

// What multiplies in a convolution or dense layer.
const GemmKernels& products_of(const StepSource& source, const Node& head);
// Whether the kernels of 3 x 3 depthwise convolutions have a window.
bool is_three_by_three(const Window& window);

// One per family of operators.
Result<CompiledStep> compile_convolution(const StepSource& source);  // convolution and dense
Result<CompiledStep> compile_depthwise(const StepSource& source);
Result<CompiledStep> compile_pool(const StepSource& source);
Result<CompiledStep> compile_resize(const StepSource& source);
Result<CompiledStep> compile_transposed(const StepSource& source);   // transposed convolution
Result<CompiledStep> compile_elementwise(const StepSource& source);  // batch norm, activation, add, softmax
Result<CompiledStep> compile_unary(const StepSource& source);
Result<CompiledStep> compile_rows(const StepSource& source);  // log softmax, L2 normalisation
Result<CompiledStep> compile_binary(const StepSource& source);
Result<CompiledStep> compile_reduction(const StepSource& source);
Result<CompiledStep> compile_copy(const StepSource& source);  // concat, reshape of a constant

}  // namespace mobilenet::cpu
