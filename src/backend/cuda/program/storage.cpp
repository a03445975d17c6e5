// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/storage.h"

#include <algorithm>

#include "backend/cuda/program/step.h"
#include "base/error.h"

namespace mobilenet::cuda {
namespace {

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
  // By the tensor whose memory it is: whether something reads it that takes halves alone, and whether it is an input.
  std::vector<bool> halves(count, false), is_input(count, false);
  for (const TensorId id : plan.inputs) is_input[root(id)] = true;
  for (const Block& block : plan.blocks)
    for (const Step& step : block.steps)
      for (const TensorId id : step.inputs)
        if (!reads_any(network.node(step.nodes.front()).op)) halves[root(id)] = true;
  TensorStorage storage;
  storage.stored.resize(count);
  storage.places.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<TensorId>(i);
    if (network.is_constant(id)) continue;
    storage.stored[i] = stored_as(network.tensor(id)).value_or(Stored::f32);  // what is not computed may be of any type
    const bool in_halves = precision == Precision::f16 && halves[root(id)] && !is_input[root(id)];
    if (storage.stored[i] == Stored::f32 && in_halves) storage.stored[i] = Stored::f16;
  }
  std::vector<Place> places(count);  // by the tensor whose memory it is, where that is an input or output
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) places[root(plan.inputs[i])] = {Place::Kind::input, i};

  storage.arena_bytes = next_aligned(plan.arena_bytes);
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const TensorId id = plan.outputs[i];
    MOBILENET_TRY(const Stored wanted, stored_as(network.tensor(id)));
    Place& place = places[root(id)];
    const bool own = place.kind == Place::Kind::nothing && storage.stored[static_cast<std::size_t>(id)] == wanted;
    storage.copied.push_back(!own);
    if (own) {
      place = {Place::Kind::output, i};
      storage.output_offsets.push_back(plan.offset(id));
      continue;
    }
    storage.output_offsets.push_back(storage.arena_bytes);
    const std::size_t bytes = static_cast<std::size_t>(plan.shape(id).elements()) * size_of(wanted);
    storage.arena_bytes += next_aligned(bytes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<TensorId>(i);
    if (network.is_constant(id)) continue;
    const Place& edge = places[root(id)];
    storage.places[i] = edge.kind != Place::Kind::nothing ? edge : Place{Place::Kind::arena, plan.offset(id)};
  }
  return storage;
}

}  // namespace mobilenet::cuda
