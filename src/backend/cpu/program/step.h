// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A Step of the plan made ready to run on the CPU: a function pointer and its arguments, everything looked up.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "backend/cpu/blocks/row_stage.h"
#include "backend/cpu/kernels/isa.h"
#include "backend/cpu/program/run_context.h"
#include "base/aligned_buffer.h"
#include "network/network.h"
#include "plan/plan.h"

namespace mobilenet::cpu {

struct CompiledStep {
  void (*run)(const void* arguments, RunContext& context) = nullptr;
  std::shared_ptr<const void> arguments;  // owned by the Program, shared by its Executions, never written after compile
  std::size_t scratch_bytes = 0;          // per member
  int shared_loops = 1;                   // the most times that `run` calls RunContext::for_each
  std::string name;                       // of the last node
  std::string kind;                       // "convolution", "depthwise", ...
  std::shared_ptr<const RowStage> rows;   // how it computes some rows of its output; null: all or nothing
};

// Packed constants of one model, made when a Program first needs them and shared by all later ones.
class PackedCache {
 public:
  using Buffer = std::shared_ptr<const AlignedBuffer>;
  // Of `bytes`, zeros until `fill` writes it, at most once per key, under a lock. Fails where all buffers together
  // would take more than `most_bytes`.
  Result<Buffer> get(const std::string& key, std::size_t bytes, std::size_t most_bytes,
                     const std::function<void(AlignedBuffer&)>& fill);
  std::size_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Buffer> buffers_;
  std::size_t bytes_ = 0;
};

// All that compiling one step may look at.
struct StepSource {
  const Network& network;
  const Parameters& parameters;
  const Plan& plan;
  const Step& step;
  Isa isa;
  PackedCache* packed = nullptr;  // null: whether the step can run is the question; nothing is packed, it will not run
  std::size_t most_packed_bytes = 0;

  const Tensor& tensor(TensorId id) const { return network.tensor(id); }
  const Shape& shape(TensorId id) const { return plan.shape(id); }
  Place place(TensorId id) const { return {plan.offset(id), -1}; }
  const Node& node(int index) const { return network.node(index); }
  const Parameter& parameter(TensorId id) const { return parameters.of(tensor(id)); }
  // An empty buffer where nothing is packed.
  Result<PackedCache::Buffer> pack(const std::string& key, std::size_t bytes,
                                   const std::function<void(AlignedBuffer&)>& fill) const;
};

// A step that runs kRun(arguments, context).
template <auto kRun, class Arguments>
CompiledStep step_of(Arguments arguments, std::size_t scratch_bytes = 0) {
  CompiledStep step;
  step.run = [](const void* stored, RunContext& context) {
    std::invoke(kRun, *static_cast<const Arguments*>(stored), context);
  };
  step.arguments = std::make_shared<const Arguments>(std::move(arguments));
  step.scratch_bytes = scratch_bytes;
  return step;
}
// A step that runs arguments.run(context).
template <class Arguments>
CompiledStep step_of(Arguments arguments, std::size_t scratch_bytes = 0) {
  return step_of<&Arguments::run>(std::move(arguments), scratch_bytes);
}

// One per arithmetic: steps whose tensors are float32, and steps that compute in exact integers. Neither names the
// step, nor the node in its errors.
Result<CompiledStep> compile_f32_step(const StepSource& source);
Result<CompiledStep> compile_int8_step(const StepSource& source);

}  // namespace mobilenet::cpu
