// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the files f32_steps*.cpp share: how arguments become a CompiledStep, how a step finds its tensors, and how it
// spreads over threads.

#include <algorithm>
#include <memory>
#include <utility>

#include "backend/cpu/f32_filters.h"
#include "backend/cpu/step.h"

namespace mobilenet::cpu {

// A step that runs kRun(arguments, context).
template <auto kRun, class Arguments>
CompiledStep step_of(Arguments arguments, std::size_t scratch_bytes = 0) {
  CompiledStep step;
  step.run = [](const void* stored, const RunContext& context) {
    kRun(*static_cast<const Arguments*>(stored), context);
  };
  step.arguments = std::make_shared<const Arguments>(std::move(arguments));
  step.scratch_bytes = scratch_bytes;
  return step;
}

inline float* floats_at(const RunContext& context, std::size_t offset) {
  return reinterpret_cast<float*>(context.arena + offset);
}
inline float* scratch_of(const RunContext& context, int thread) {
  return reinterpret_cast<float*>(context.scratch + static_cast<std::size_t>(thread) * context.scratch_stride);
}

// Something that a step reads: a tensor of the arena, or a constant.
struct Operand {
  std::size_t offset = kNotInArena;
  std::shared_ptr<const AlignedBuffer> constant;

  const float* data(const RunContext& context) const {
    return constant ? constant->as<float>() : floats_at(context, offset);
  }
};
Operand operand(const StepSource& source, TensorId id);

// Calls body(begin, end, thread) for parts of 0..count, none smaller than `grain` (but the last), about four for every
// thread so that a late thread costs little.
template <class Body>
void for_parts(const RunContext& context, std::size_t count, std::size_t grain, const Body& body) {
  const std::size_t parts = context.threads <= 1 ? 1 : static_cast<std::size_t>(context.threads) * 4;
  const std::size_t size = std::max(grain, (count + parts - 1) / parts);
  if (size >= count) return body(std::size_t{0}, count, 0);
  context.pool->parallel_for(context.threads, (count + size - 1) / size, [&](std::size_t part, int thread) {
    body(part * size, std::min(count, (part + 1) * size), thread);
  });
}

// One per family of operators; the step's name and kind are filled in by compile_f32_step.
Result<CompiledStep> compile_convolution(const StepSource& source);  // convolution and dense
Result<CompiledStep> compile_depthwise(const StepSource& source);
Result<CompiledStep> compile_pool(const StepSource& source);
Result<CompiledStep> compile_resize(const StepSource& source);
Result<CompiledStep> compile_elementwise(const StepSource& source);  // batch norm, activation, add, softmax
Result<CompiledStep> compile_copy(const StepSource& source);         // concat, pad, reshape

}  // namespace mobilenet::cpu
