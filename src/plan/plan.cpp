// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/machine_memory.h"
#include "base/quoted.h"
#include "plan/placement.h"

namespace mobilenet {
namespace {

void add_inputs(Step& step, const Network& network) {
  std::vector<TensorId> inside;
  for (const int n : step.nodes) {
    const Node& node = network.node(n);
    for (const TensorId input : node.inputs) {
      if (!network.is_activation(input)) continue;
      if (std::find(inside.begin(), inside.end(), input) == inside.end()) step.inputs.push_back(input);
    }
    inside.push_back(node.output);
  }
}

// The steps, in network order. A node that only renames memory is none; `memory` learns whose it is.
void make_steps(PlanView& view, const Grouping& grouping, std::vector<Step>& steps, std::vector<TensorId>& memory) {
  const Network& network = view.network();
  std::vector<bool> done(network.nodes.size(), false);
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const int index = static_cast<int>(n);
    if (!view.needed(index) || done[n]) continue;
    if (const Node& node = network.nodes[n]; grouping.renames(view, node)) {
      memory[static_cast<std::size_t>(node.output)] = memory[static_cast<std::size_t>(node.inputs[0])];
      view.set_ready(node.output);
      continue;
    }
    Step step;
    for (int next = index; next != kNoNode; next = grouping.next_node(view, step.nodes)) {
      step.nodes.push_back(next);
      done[static_cast<std::size_t>(next)] = true;
    }
    const Node& last = view.node(step.nodes.back());
    step.output = last.output;
    step.extra_outputs = last.extra_outputs;
    view.set_ready(step.output);
    for (const TensorId output : step.extra_outputs) view.set_ready(output);
    add_inputs(step, network);
    steps.push_back(std::move(step));
  }
}

std::vector<Block> make_blocks(const PlanView& view, const Grouping& grouping, std::vector<Step>& steps) {
  std::vector<std::size_t> sizes;
  for (std::size_t first = 0; first < steps.size(); first += sizes.back())
    sizes.push_back(grouping.block_size(view, first));
  std::vector<Block> blocks;
  auto step = steps.begin();
  for (const std::size_t size : sizes) {
    Block& block = blocks.emplace_back();
    for (std::size_t i = 0; i < size; ++i) block.steps.push_back(std::move(*step++));
  }
  return blocks;
}

// Gives every tensor that is in memory its offset.
class Placer {
 public:
  Placer(const Network& network, const Plan& plan, const Grouping& grouping)
      : network_(network), plan_(plan), grouping_(grouping), allocation_of_(plan.shapes.size(), kNone) {}

  void place_in(Plan& plan) {
    const int end = static_cast<int>(plan.blocks.size());
    // Inputs are written by the caller before the run and stay intact during it.
    for (const TensorId input : plan.inputs) touch(input, 0), touch(input, end);
    for (const TensorId output : plan.outputs) touch(output, end);
    for (int b = 0; b < end; ++b) touch_from_outside(plan.blocks[static_cast<std::size_t>(b)], b);
    // What is seen from elsewhere is known now, so that the rest is hidden.
    for (int b = 0; b < end; ++b)
      for (const Step& step : plan.blocks[static_cast<std::size_t>(b)].steps)
        if (allocation(step.output) != kNone) touch(step.output, b);

    const Placement placement = place(allocations_);
    plan.arena_bytes = placement.bytes;
    plan.offsets.assign(plan.shapes.size(), kNotInArena);
    for (std::size_t i = 0; i < plan.offsets.size(); ++i)
      if (const int index = allocation(static_cast<TensorId>(i)); index != kNone)
        plan.offsets[i] = placement.offsets[static_cast<std::size_t>(index)];
  }

 private:
  static constexpr int kNone = -1;

  std::size_t owner(TensorId id) const { return static_cast<std::size_t>(plan_.memory[static_cast<std::size_t>(id)]); }
  int& allocation(TensorId id) { return allocation_of_[owner(id)]; }

  std::size_t bytes(std::size_t tensor) const {
    const std::size_t bytes =
        static_cast<std::size_t>(plan_.shapes[tensor].elements()) * size_of(network_.tensors[tensor].type) +
        grouping_.padding();
    return (bytes + grouping_.alignment() - 1) / grouping_.alignment() * grouping_.alignment();
  }

  void touch(TensorId id, int block) {
    int& index = allocation(id);
    if (index == kNone) {
      index = static_cast<int>(allocations_.size());
      allocations_.push_back({bytes(owner(id)), block, block});
    }
    Allocation& memory = allocations_[static_cast<std::size_t>(index)];
    memory.first = std::min(memory.first, block);
    memory.last = std::max(memory.last, block);
  }

  // What a block reads that it does not write itself, and what it writes last.
  void touch_from_outside(const Block& block, int index) {
    std::vector<TensorId> inside;
    for (const Step& step : block.steps) {
      for (const TensorId input : step.inputs)
        if (std::find(inside.begin(), inside.end(), input) == inside.end()) touch(input, index);
      inside.push_back(step.output);
      for (const TensorId output : step.extra_outputs) touch(output, index);
    }
    touch(block.last().output, index);
  }

  const Network& network_;
  const Plan& plan_;
  const Grouping& grouping_;
  std::vector<int> allocation_of_;  // per tensor that has memory of its own
  std::vector<Allocation> allocations_;
};

}  // namespace

Result<Plan> make_plan(const Network& network, std::vector<Shape> shapes, std::span<const TensorId> outputs,
                       const Grouping& grouping) {
  Plan plan;
  plan.shapes = std::move(shapes);
  if (!network.inputs.empty() && plan.shape(network.inputs[0]).rank() > 0)
    plan.batch = plan.shape(network.inputs[0])[0];
  plan.inputs = network.inputs;
  plan.outputs.assign(outputs.begin(), outputs.end());
  for (const TensorId output : outputs)
    if (output < 0 || static_cast<std::size_t>(output) >= network.tensors.size() || network.is_constant(output))
      return failure(ErrorCode::invalid_argument, "a wanted tensor is not an activation of the network");
  plan.memory.resize(network.tensors.size());
  std::iota(plan.memory.begin(), plan.memory.end(), TensorId{0});
  std::vector<Step> steps;
  PlanView view(network, plan.shapes, outputs, steps);
  make_steps(view, grouping, steps, plan.memory);
  grouping.arrange(view, steps, plan.memory);
  plan.blocks = make_blocks(view, grouping, steps);
  Placer(network, plan, grouping).place_in(plan);
  return plan;
}

Result<void> check_memory(const Network& network, const Plan& plan, std::size_t more_bytes, std::size_t most_bytes) {
  const std::size_t needed = plan.arena_bytes + more_bytes;
  if (needed <= most_bytes && needed >= more_bytes) return {};
  const auto bytes = [&](std::size_t i) {
    return plan.offsets[i] == kNotInArena
               ? 0
               : static_cast<std::size_t>(plan.shapes[i].elements()) * size_of(network.tensors[i].type);
  };
  std::size_t largest = 0;
  for (std::size_t i = 1; i < plan.offsets.size(); ++i)
    if (bytes(i) > bytes(largest)) largest = i;
  return failure(ErrorCode::out_of_memory, "needs ", in_bytes(needed), " of memory, ", in_bytes(plan.arena_bytes),
                 " of it for tensors, the largest of which is ", quoted(network.tensors[largest].name), ", ",
                 to_string(plan.shapes[largest]), " (", in_bytes(bytes(largest)), "); the limit is ",
                 in_bytes(most_bytes), " (SessionOptions::max_memory_bytes)");
}

}  // namespace mobilenet
