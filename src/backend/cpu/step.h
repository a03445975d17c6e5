// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A Step of the plan made ready to run on the CPU: a function pointer and its arguments, everything looked up.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "backend/cpu/isa.h"
#include "backend/cpu/row_stage.h"
#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "network/network.h"
#include "plan/plan.h"

namespace mobilenet::cpu {

// What a running step sees. Tensors lie at arena + offset; every thread has scratch_stride bytes of its own.
struct RunContext {
  std::byte* arena = nullptr;
  std::byte* scratch = nullptr;
  std::size_t scratch_stride = 0;
  ThreadPool* pool = nullptr;
  int threads = 1;
};

struct CompiledStep {
  void (*run)(const void* arguments, const RunContext& context) = nullptr;
  std::shared_ptr<const void> arguments;  // owned by the Program, shared by its Executions, never written after compile
  std::size_t scratch_bytes = 0;          // per thread
  std::string name;                       // of the last node
  std::string kind;                       // "convolution", "depthwise", ...
  std::shared_ptr<const RowStage> rows;   // how it computes some rows of its output; null: all or nothing
};

// Packed constants of one model, made when a Program first needs them and shared by all later ones.
class PackedCache {
 public:
  // `make` runs at most once per key, under a lock.
  std::shared_ptr<const AlignedBuffer> get(const std::string& key, const std::function<AlignedBuffer()>& make) {
    const std::lock_guard lock(mutex_);
    auto& slot = buffers_[key];
    if (!slot) slot = std::make_shared<const AlignedBuffer>(make());
    return slot;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const AlignedBuffer>> buffers_;
};

// All that compiling one step may look at.
struct StepSource {
  const Network& network;
  const Parameters& parameters;
  const Plan& plan;
  const Step& step;
  PackedCache& packed;
  Isa isa;

  const Tensor& tensor(TensorId id) const { return network.tensors[static_cast<std::size_t>(id)]; }
  const Shape& shape(TensorId id) const { return plan.shapes[static_cast<std::size_t>(id)]; }
  std::size_t offset(TensorId id) const { return plan.offsets[static_cast<std::size_t>(id)]; }
  const Node& node(int index) const { return network.nodes[static_cast<std::size_t>(index)]; }
};

// One per arithmetic: steps whose tensors are float32, and steps that compute in exact integers.
Result<CompiledStep> compile_f32_step(const StepSource& source);
Result<CompiledStep> compile_int8_step(const StepSource& source);

}  // namespace mobilenet::cpu
