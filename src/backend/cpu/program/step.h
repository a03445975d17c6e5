// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A Step of the plan made ready to run on the CPU: a function pointer and its arguments, everything looked up.

#include <mobilenet/device.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "backend/cpu/blocks/row_stage.h"
#include "backend/cpu/kernels/kernel_set.h"
#include "backend/cpu/program/packed_cache.h"
#include "backend/cpu/program/run_context.h"
#include "backend/cpu/program/storage.h"
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
  RowStage rows;                          // how it computes some rows of its output, where row_geometry() has some
};

// All that compiling one step may look at.
struct StepSource {
  const Network& network;
  const Parameters& parameters;
  const Plan& plan;
  const Step& step;
  Precision precision;
  const KernelSet& kernels;
  PackedCache* packed = nullptr;  // null: whether the step can run is the question; nothing is packed, it will not run
  std::size_t most_packed_bytes = 0;
  std::span<const int> bindings = {};      // per tensor, of its Place; empty: none is bound
  std::span<const Storage> storages = {};  // per tensor; empty: floats

  const Tensor& tensor(TensorId id) const { return network.tensor(id); }
  const Shape& shape(TensorId id) const { return plan.shape(id); }
  Place place(TensorId id) const {
    return {plan.offset(id), bindings.empty() ? -1 : bindings[static_cast<std::size_t>(id)]};
  }
  Storage storage(TensorId id) const {
    return storages.empty() ? Storage::f32 : storages[static_cast<std::size_t>(id)];
  }
  NormalHalves normal_halves(TensorId id) const { return {halves_index(storages, id)}; }
  const Node& node(int index) const { return network.node(index); }
  const Parameter& parameter(TensorId id) const { return parameters.of(tensor(id)); }
  // An empty buffer where nothing is packed.
  Result<PackedCache::Buffer> pack(const PackKey& key, std::size_t bytes, const PackedCache::Fill& fill) const;
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

}  // namespace mobilenet::cpu
