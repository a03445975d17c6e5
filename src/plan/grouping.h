// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a backend says about a plan: which operators form a Step, which Steps form a Block, and how tensors lie in
// memory. It decides from operators and shapes alone, before any memory is placed and anything is compiled.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace mobilenet {

inline constexpr int kNoNode = -1;

// How a tensor lies in the memory of a larger one that it is a part of: rows of `row` elements, `stride` from the
// beginning of one to that of the next, from element `first` on. row 0: it lies in memory of its own, whole.
struct Part {
  std::int64_t row = 0, stride = 0, first = 0;
};

// A group of operators that one kernel runs. The first node is the one that gives the group its name; `reference` can
// run the same nodes one by one.
struct Step {
  std::vector<int> nodes;               // in network order
  std::vector<TensorId> inputs;         // activations that the nodes read from memory, in order, each as often as read
  TensorId output = kNoTensor;          // the one that it writes
  std::vector<TensorId> extra_outputs;  // Node::extra_outputs of its last node
  Part part = {};                       // how the output lies in its memory
  int bundle = -1;                      // neighbours of one number do not depend on each other and run as one Block
};

// What a Grouping may ask about the network that is being planned.
class PlanView {
 public:
  // `wanted`: the tensors that the caller wants to see. All four must outlive the view.
  PlanView(const Network& network, std::span<const Shape> shapes, std::span<const TensorId> wanted,
           const std::vector<Step>& steps);

  const Network& network() const { return network_; }
  std::span<const Shape> shapes() const { return shapes_; }
  const Node& node(int index) const { return network_.node(index); }
  const Tensor& tensor(TensorId id) const { return network_.tensor(id); }
  const Shape& shape(TensorId id) const { return shape_of(shapes_, id); }

  bool wanted(TensorId id) const { return wanted_[static_cast<std::size_t>(id)]; }
  // Whether a wanted tensor depends on the node; the others never run.
  bool needed(int node) const { return needed_[static_cast<std::size_t>(node)]; }
  // The only node that reads a tensor, and reads it once; kNoNode when the tensor has other readers or is wanted.
  int only_reader(TensorId id) const;

  // The Steps so far, in the order they run.
  std::span<const Step> steps() const { return steps_; }
  // Whether a tensor is there before the next Step runs.
  bool ready(TensorId id) const { return ready_[static_cast<std::size_t>(id)]; }
  void set_ready(TensorId id) { ready_[static_cast<std::size_t>(id)] = true; }

 private:
  const Network& network_;
  const std::span<const Shape> shapes_;
  const std::vector<Step>& steps_;
  std::vector<bool> wanted_, ready_;       // per tensor
  std::vector<bool> needed_;               // per node
  std::vector<std::vector<int>> readers_;  // per tensor, the needed nodes
};

// As it stands: every node is a Step and every Step a Block, which is how `reference` runs.
class Grouping {
 public:
  virtual ~Grouping() = default;
  virtual std::size_t alignment() const { return 64; }  // of every tensor in the arena
  virtual std::size_t padding() const { return 0; }     // bytes that kernels may read past the end of a tensor

  // Whether a node is another name for its input's memory, rather than a Step.
  virtual bool renames(const PlanView& plan, const Node& node) const;
  // The node that a Step of these nodes takes next; kNoNode: it is complete.
  virtual int next_node(const PlanView& plan, std::span<const int> nodes) const;
  // Asked once, when all Steps are known and before Blocks are formed: may put them into another order that computes
  // the same, leave out those that have nothing to do, and let tensors be parts of others. `memory`: Plan::memory.
  virtual void arrange(const PlanView& plan, std::vector<Step>& steps, std::vector<TensorId>& memory) const;
  // How many of the Steps from `first` on run as one Block, at least one. Asked when all Steps are known.
  virtual std::size_t block_size(const PlanView& plan, std::size_t first) const;
};

// What groupings are made of:

// Whether a pixel of the output is made of the pixel of the input at its place, and of no other: rows of pixels are
// then multiplied as they lie.
bool is_pointwise(const Window& window, const Shape& in, const Shape& out);
// Whether a node is a reshape of an activation that keeps the type of its numbers.
bool is_plain_reshape(const Network& network, const Node& node);
// A convolution, depthwise convolution or dense layer in floats takes the batch norm, the activation, and the addition
// of an earlier tensor with its activation that follow it, one after the other.
int next_of_convolution(const PlanView& plan, std::span<const int> nodes);

}  // namespace mobilenet
