// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/storage.h"

#include <algorithm>

#include "backend/cuda/program/step.h"
#include "base/error.h"

namespace mobilenet::cuda {
namespace {

constexpr std::size_t kAlignment = 256;

// Functions of rows and detections, which read floats as well as halves: what they alone read stays float.
bool reads_any(const Op& op) {
  return std::holds_alternative<SoftmaxOp>(op) || std::holds_alternative<LogSoftmaxOp>(op) ||
         std::holds_alternative<ArgMaxOp>(op) || std::holds_alternative<L2NormalizeOp>(op) ||
         std::holds_alternative<DetectionPostProcessOp>(op);
}

}  // namespace

Result<TensorStorage> store_tensors(const Network& network, const Plan& plan, Precision precision) {
  const std::size_t count = network.tensors.size();
  const auto root = [&](TensorId id) { return static_cast<std::size_t>(plan.memory[static_cast<std::size_t>(id)]); };
  // Whether something reads a tensor's memory, and whether all who do take floats, too.
  std::vector<bool> read(count, false), halves(count, false), is_input(count, false);
  for (const TensorId id : plan.inputs) is_input[root(id)] = true;
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps)
      for (const TensorId id : step.inputs) {
        read[root(id)] = true;
        if (!reads_any(network.node(step.nodes.front()).op)) halves[root(id)] = true;
      }
  TensorStorage storage;
  storage.stored.resize(count);
  storage.places.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<TensorId>(i);
    if (network.is_constant(id)) continue;
    storage.stored[i] = stored_as(network.tensor(id)).value_or(Stored::f32);  // what is not computed may be of any type
    const bool in_halves = precision == Precision::f16 && halves[root(id)] && !is_input[root(id)];
    if (storage.stored[i] == Stored::f32 && in_halves) storage.stored[i] = Stored::f16;
    storage.places[i] = {Place::Kind::arena, plan.offset(id)};
  }
  for (std::size_t i = 0; i < plan.inputs.size(); ++i)
    for (std::size_t t = 0; t < count; ++t)
      if (!network.is_constant(static_cast<TensorId>(t)) && root(static_cast<TensorId>(t)) == root(plan.inputs[i]))
        storage.places[t] = {Place::Kind::input, i};

  storage.arena_bytes = (plan.arena_bytes + kAlignment - 1) / kAlignment * kAlignment;
  std::vector<bool> taken(count, false);
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const TensorId id = plan.outputs[i];
    MOBILENET_TRY(const Stored wanted, stored_as(network.tensor(id)));
    const bool own = !is_input[root(id)] && !taken[root(id)] && storage.stored[static_cast<std::size_t>(id)] == wanted;
    storage.copied.push_back(!own);
    if (own) {
      taken[root(id)] = true;
      storage.output_offsets.push_back(plan.offset(id));
      for (std::size_t t = 0; t < count; ++t)
        if (!network.is_constant(static_cast<TensorId>(t)) && root(static_cast<TensorId>(t)) == root(id))
          storage.places[t] = {Place::Kind::output, i};
      continue;
    }
    storage.output_offsets.push_back(storage.arena_bytes);
    const std::size_t bytes = static_cast<std::size_t>(plan.shape(id).elements()) * size_of(wanted);
    storage.arena_bytes += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }
  return storage;
}

}  // namespace mobilenet::cuda
