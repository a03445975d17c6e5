// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Plan: which operators run together (Steps), which tensors exist in memory, and where in the one arena.
// Folding and grouping are passes over the untouched Network, steered by the backend's traits and by the tensors that
// the caller wants to see.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace mobilenet {

// What a backend can do with groups of operators.
struct GroupingTraits {
  bool fold_batch_norm = false;  // convolution + batch norm
  bool fuse_activation = false;  // ... + activation
  bool fuse_residual = false;    // ... + add of an earlier tensor [+ activation]
  bool alias_reshape = false;    // a reshape is another name for the same memory
  std::size_t alignment = 64;    // of every tensor in the arena
  std::size_t read_padding = 0;  // bytes that kernels may read past the end of a tensor
};

// A group of operators that one kernel runs. The first node is the one that gives the group its name; `reference` can
// run the same nodes one by one.
struct Step {
  std::vector<int> nodes;               // in network order
  std::vector<TensorId> inputs;         // activations that the nodes read from memory, in order, each as often as read
  TensorId output = kNoTensor;          // the one that it writes
  std::vector<TensorId> extra_outputs;  // Node::extra_outputs of its last node
};

inline constexpr std::size_t kNotInArena = static_cast<std::size_t>(-1);

struct Plan {
  std::int64_t batch = 1;     // axis 0 of the first input
  std::vector<Shape> shapes;  // per tensor
  std::vector<Step> steps;
  std::vector<TensorId> inputs;      // = Network::inputs
  std::vector<TensorId> outputs;     // what the caller asked for, in that order
  std::vector<TensorId> memory;      // per tensor: whose memory it lies in; itself, or what a reshape renamed
  std::vector<std::size_t> offsets;  // per tensor, in bytes; kNotInArena where never materialised
  std::size_t arena_bytes = 0;
};

// Whether the node is another name for its input's memory under these traits, rather than a step.
bool renames(const Network& network, const Node& node, const GroupingTraits& traits);

// `outputs`: tensors that must be in memory, whole, when the last step is done. Inputs stay intact during a run.
Result<Plan> make_plan(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes,
                       std::span<const TensorId> outputs, const GroupingTraits& traits);

// Fails when the arena and `more_bytes` beside it take more than `most_bytes`; the message names the largest tensor.
Result<void> check_memory(const Network& network, const Plan& plan, std::size_t more_bytes, std::size_t most_bytes);

}  // namespace mobilenet
