// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/plan.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/machine_memory.h"
#include "base/quoted.h"
#include "plan/placement.h"

namespace mobilenet {
namespace {

constexpr int kNone = -1;

std::size_t tensor_bytes(const Plan& plan, const Network& network, TensorId id, const GroupingTraits& traits) {
  const auto i = static_cast<std::size_t>(id);
  const std::size_t bytes =
      static_cast<std::size_t>(plan.shapes[i].elements()) * size_of(network.tensors[i].type) + traits.read_padding;
  return (bytes + traits.alignment - 1) / traits.alignment * traits.alignment;
}

class Planner {
 public:
  Planner(const Network& network, std::span<const Shape> shapes, std::span<const TensorId> outputs,
          const GroupingTraits& traits)
      : network_(network),
        shapes_(shapes),
        traits_(traits),
        readers_(network.tensors.size()),
        wanted_(network.tensors.size(), false) {
    for (std::size_t n = 0; n < network.nodes.size(); ++n)
      for (const TensorId input : network.nodes[n].inputs)
        if (input != kNoTensor) readers_[static_cast<std::size_t>(input)].push_back(static_cast<int>(n));
    for (const TensorId output : outputs) wanted_[static_cast<std::size_t>(output)] = true;
  }

  // Nodes that the wanted tensors need; the others never run.
  std::vector<bool> needed_nodes(std::span<const TensorId> outputs) const {
    std::vector<bool> tensor_needed(network_.tensors.size(), false), node_needed(network_.nodes.size(), false);
    for (const TensorId output : outputs) tensor_needed[static_cast<std::size_t>(output)] = true;
    for (std::size_t n = network_.nodes.size(); n-- > 0;) {
      const Node& node = network_.nodes[n];
      bool needed = tensor_needed[static_cast<std::size_t>(node.output)];
      for (const TensorId output : node.extra_outputs)
        needed = needed || tensor_needed[static_cast<std::size_t>(output)];
      if (!needed) continue;
      node_needed[n] = true;
      for (const TensorId input : node.inputs)
        if (input != kNoTensor) tensor_needed[static_cast<std::size_t>(input)] = true;
    }
    return node_needed;
  }

  // The steps, in network order. A reshape that only renames memory is none; `memory` learns whose it is.
  std::vector<Step> group(const std::vector<bool>& needed, std::vector<TensorId>& memory) const {
    std::vector<Step> steps;
    std::vector<bool> done(network_.nodes.size(), false);
    std::vector<bool> computed(network_.tensors.size(), false);  // by the steps so far
    for (const TensorId input : network_.inputs) computed[static_cast<std::size_t>(input)] = true;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      if (!needed[n] || done[n]) continue;
      if (const Node& node = network_.nodes[n]; renames(network_, node, traits_)) {
        memory[static_cast<std::size_t>(node.output)] = memory[static_cast<std::size_t>(node.inputs[0])];
        computed[static_cast<std::size_t>(node.output)] = true;
        continue;
      }
      Step step;
      step.nodes.push_back(static_cast<int>(n));
      extend(step, needed, computed);
      for (const int node : step.nodes) done[static_cast<std::size_t>(node)] = true;
      step.output = node_at(step.nodes.back()).output;
      step.extra_outputs = node_at(step.nodes.back()).extra_outputs;
      computed[static_cast<std::size_t>(step.output)] = true;
      for (const TensorId output : step.extra_outputs) computed[static_cast<std::size_t>(output)] = true;
      collect_inputs(step);
      steps.push_back(std::move(step));
    }
    return steps;
  }

 private:
  const Node& node_at(int n) const { return network_.nodes[static_cast<std::size_t>(n)]; }
  bool quantized(TensorId id) const {
    const DataType type = network_.tensors[static_cast<std::size_t>(id)].type;
    return type == DataType::u8 || type == DataType::i8;
  }

  // The only reader of a tensor that nobody else wants to see; kNone when it must exist in memory.
  int only_reader(TensorId id, const std::vector<bool>& needed) const {
    if (wanted_[static_cast<std::size_t>(id)]) return kNone;
    int reader = kNone;
    for (const int n : readers_[static_cast<std::size_t>(id)]) {
      if (!needed[static_cast<std::size_t>(n)]) continue;
      if (reader != kNone) return kNone;
      reader = n;
    }
    return reader;
  }

  // Grows convolution, depthwise or dense by what follows it.
  void extend(Step& step, const std::vector<bool>& needed, const std::vector<bool>& computed) const {
    const Node& head = node_at(step.nodes.front());
    Activation activation = Activation::none;
    if (const auto* convolution = std::get_if<Conv2dOp>(&head.op))
      activation = convolution->activation;
    else if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&head.op))
      activation = depthwise->activation;
    else if (const auto* dense = std::get_if<DenseOp>(&head.op))
      activation = dense->activation;
    else
      return;
    // An integer result is rounded by its own operator before the next one reads it.
    if (quantized(head.output)) return;

    TensorId tail = head.output;
    const auto take = [&](int n) {
      step.nodes.push_back(n);
      tail = node_at(n).output;
    };
    int next = only_reader(tail, needed);
    if (traits_.fold_batch_norm && activation == Activation::none && next != kNone && reads_first(next, tail) &&
        std::holds_alternative<BatchNormOp>(node_at(next).op)) {
      take(next);
      next = only_reader(tail, needed);
    }
    if (traits_.fuse_activation && activation == Activation::none && next != kNone)
      if (const auto* op = std::get_if<ActivationOp>(&node_at(next).op)) {
        activation = op->activation;
        take(next);
        next = only_reader(tail, needed);
      }
    if (!traits_.fuse_residual || activation != Activation::none || next == kNone) return;
    const auto* add = std::get_if<AddOp>(&node_at(next).op);
    if (!add) return;
    const std::vector<TensorId>& operands = node_at(next).inputs;
    const TensorId other = operands[0] == tail ? operands[1] : operands[0];
    if (other == tail || !computed[static_cast<std::size_t>(other)]) return;
    // A residual is added element by element; what broadcasts is a step of its own.
    if (!(shapes_[static_cast<std::size_t>(other)] == shapes_[static_cast<std::size_t>(tail)])) return;
    take(next);
    if (add->activation != Activation::none || !traits_.fuse_activation) return;
    next = only_reader(tail, needed);
    if (next != kNone && std::holds_alternative<ActivationOp>(node_at(next).op)) take(next);
  }

  bool reads_first(int n, TensorId id) const { return node_at(n).inputs[0] == id; }

  void collect_inputs(Step& step) const {
    std::vector<TensorId> inside;
    for (const int n : step.nodes) {
      for (const TensorId input : node_at(n).inputs) {
        if (input == kNoTensor || network_.tensors[static_cast<std::size_t>(input)].parameter >= 0) continue;
        if (std::find(inside.begin(), inside.end(), input) == inside.end()) step.inputs.push_back(input);
      }
      inside.push_back(node_at(n).output);
    }
  }

  const Network& network_;
  std::span<const Shape> shapes_;
  const GroupingTraits& traits_;
  std::vector<std::vector<int>> readers_;
  std::vector<bool> wanted_;
};

// Gives every tensor that is in memory its offset.
void place_tensors(Plan& plan, const Network& network, const GroupingTraits& traits) {
  const int last = static_cast<int>(plan.steps.size());
  std::vector<Block> blocks;
  std::vector<int> block_of(plan.shapes.size(), kNone);  // per tensor that has memory of its own
  const auto touch = [&](TensorId id, int step) {
    const auto owner = static_cast<std::size_t>(plan.memory[static_cast<std::size_t>(id)]);
    if (block_of[owner] == kNone) {
      block_of[owner] = static_cast<int>(blocks.size());
      blocks.push_back({tensor_bytes(plan, network, static_cast<TensorId>(owner), traits), step, step});
    }
    Block& block = blocks[static_cast<std::size_t>(block_of[owner])];
    block.first = std::min(block.first, step);
    block.last = std::max(block.last, step);
  };
  // Inputs are written by the caller before the run and stay intact during it.
  for (const TensorId input : plan.inputs) touch(input, 0), touch(input, last);
  for (int s = 0; s < last; ++s) {
    const Step& step = plan.steps[static_cast<std::size_t>(s)];
    for (const TensorId input : step.inputs) touch(input, s);
    touch(step.output, s);
    for (const TensorId output : step.extra_outputs) touch(output, s);
  }
  for (const TensorId output : plan.outputs) touch(output, last);

  const Placement placement = place(blocks);
  plan.arena_bytes = placement.bytes;
  plan.offsets.assign(plan.shapes.size(), kNotInArena);
  for (std::size_t i = 0; i < plan.offsets.size(); ++i)
    if (const int block = block_of[static_cast<std::size_t>(plan.memory[i])]; block != kNone)
      plan.offsets[i] = placement.offsets[static_cast<std::size_t>(block)];
}

}  // namespace

bool renames(const Network& network, const Node& node, const GroupingTraits& traits) {
  if (!traits.alias_reshape || !std::holds_alternative<ReshapeOp>(node.op)) return false;
  const Tensor& input = network.tensors[static_cast<std::size_t>(node.inputs[0])];
  return input.parameter < 0 && input.type == network.tensors[static_cast<std::size_t>(node.output)].type;
}

Result<Plan> make_plan(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes,
                       std::span<const TensorId> outputs, const GroupingTraits& traits) {
  Plan plan;
  MOBILENET_TRY(plan.shapes, infer_shapes(network, parameters, input_shapes));
  if (!input_shapes.empty() && input_shapes[0].rank() > 0) plan.batch = input_shapes[0][0];
  plan.inputs = network.inputs;
  plan.outputs.assign(outputs.begin(), outputs.end());
  for (const TensorId output : outputs)
    if (output < 0 || static_cast<std::size_t>(output) >= network.tensors.size() ||
        network.tensors[static_cast<std::size_t>(output)].parameter >= 0)
      return failure(ErrorCode::invalid_argument, "a wanted tensor is not an activation of the network");
  plan.memory.resize(network.tensors.size());
  std::iota(plan.memory.begin(), plan.memory.end(), TensorId{0});
  const Planner planner(network, plan.shapes, outputs, traits);
  plan.steps = planner.group(planner.needed_nodes(outputs), plan.memory);
  place_tensors(plan, network, traits);
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
