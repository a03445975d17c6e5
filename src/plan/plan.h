// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Plan: which operators run together (Steps), which Steps run together (Blocks), which tensors exist in memory, and
// where in the one arena. All are passes over the untouched Network, steered by the backend's Grouping and by the
// tensors that the caller wants to see.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plan/grouping.h"

namespace mobilenet {

// Steps that run as one, usually a single one. Only what others read, or the caller wants, of what they write has
// memory; what they read stays intact until the last of them is done.
struct Block {
  std::vector<Step> steps;

  const Step& last() const { return steps.back(); }
};

inline constexpr std::size_t kNotInArena = static_cast<std::size_t>(-1);

struct Plan {
  std::int64_t batch = 1;     // axis 0 of the first input
  std::vector<Shape> shapes;  // per tensor
  std::vector<Block> blocks;
  std::vector<TensorId> inputs;   // = Network::inputs
  std::vector<TensorId> outputs;  // what the caller asked for, in that order
  // Per tensor: whose memory it lies in; itself, what a reshape renamed, or a tensor that it is a part of.
  std::vector<TensorId> memory;
  std::vector<std::size_t> offsets;  // per tensor, in bytes; kNotInArena where never materialised
  std::size_t arena_bytes = 0;

  const Shape& shape(TensorId id) const { return shape_of(shapes, id); }
  std::size_t offset(TensorId id) const { return offsets[static_cast<std::size_t>(id)]; }
};

// `shapes`: of every tensor, as infer_shapes gives them. `outputs`: tensors that must be in memory, whole, when the
// last block is done. Inputs stay intact during a run.
Result<Plan> make_plan(const Network& network, std::vector<Shape> shapes, std::span<const TensorId> outputs,
                       const Grouping& grouping);

// Fails when the arena and `more_bytes` beside it take more than `most_bytes`; the message names the largest tensor.
Result<void> check_memory(const Network& network, const Plan& plan, std::size_t more_bytes, std::size_t most_bytes);

}  // namespace mobilenet
