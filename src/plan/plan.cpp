// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/plan.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace mobilenet {
namespace {

constexpr int kNever = -1;

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

  std::vector<Step> group(const std::vector<bool>& needed) {
    std::vector<Step> steps;
    std::vector<bool> done(network_.nodes.size(), false);
    std::vector<bool> computed(network_.tensors.size(), false);  // by the steps so far
    for (const TensorId input : network_.inputs) computed[static_cast<std::size_t>(input)] = true;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      if (!needed[n] || done[n]) continue;
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

  // The only reader of a tensor that nobody else wants to see; kNever when it must exist in memory.
  int only_reader(TensorId id, const std::vector<bool>& needed) const {
    if (wanted_[static_cast<std::size_t>(id)]) return kNever;
    int reader = kNever;
    for (const int n : readers_[static_cast<std::size_t>(id)]) {
      if (!needed[static_cast<std::size_t>(n)]) continue;
      if (reader != kNever) return kNever;
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
    if (traits_.fold_batch_norm && activation == Activation::none && next != kNever && reads_first(next, tail) &&
        std::holds_alternative<BatchNormOp>(node_at(next).op)) {
      take(next);
      next = only_reader(tail, needed);
    }
    if (traits_.fuse_activation && activation == Activation::none && next != kNever)
      if (const auto* op = std::get_if<ActivationOp>(&node_at(next).op)) {
        activation = op->activation;
        take(next);
        next = only_reader(tail, needed);
      }
    if (!traits_.fuse_residual || activation != Activation::none || next == kNever) return;
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
    if (next != kNever && std::holds_alternative<ActivationOp>(node_at(next).op)) take(next);
  }

  bool reads_first(int n, TensorId id) const { return node_at(n).inputs[0] == id; }

  void collect_inputs(Step& step) const {
    std::vector<TensorId> inside;
    for (const int n : step.nodes) {
      for (const TensorId input : node_at(n).inputs) {
        if (input == kNoTensor || network_.tensors[static_cast<std::size_t>(input)].parameter >= 0) continue;
        if (std::find(inside.begin(), inside.end(), input) != inside.end()) continue;
        if (std::find(step.inputs.begin(), step.inputs.end(), input) == step.inputs.end()) step.inputs.push_back(input);
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

// Greedy placement: the largest tensors first, each at the lowest place that no tensor alive at the same time covers.
class Arena {
 public:
  Arena(Plan& plan, const Network& network, const GroupingTraits& traits)
      : plan_(plan), network_(network), traits_(traits), root_(network.tensors.size()) {
    for (std::size_t i = 0; i < root_.size(); ++i) root_[i] = static_cast<TensorId>(i);
  }

  void place() {
    const int last = static_cast<int>(plan_.steps.size());
    first_.assign(root_.size(), kNever);
    last_.assign(root_.size(), kNever);
    // Inputs are written by the caller before the run and stay intact during it.
    for (const TensorId input : plan_.inputs) touch(input, 0), touch(input, last);
    for (int s = 0; s < last; ++s) {
      const Step& step = plan_.steps[static_cast<std::size_t>(s)];
      if (is_alias(step)) root_[static_cast<std::size_t>(step.output)] = root(step.inputs[0]);
      for (const TensorId input : step.inputs) touch(input, s);
      touch(step.output, s);
      for (const TensorId output : step.extra_outputs) touch(output, s);
    }
    for (const TensorId output : plan_.outputs) touch(output, last);

    std::vector<TensorId> order;
    for (std::size_t i = 0; i < root_.size(); ++i)
      if (first_[i] != kNever) order.push_back(static_cast<TensorId>(i));
    std::stable_sort(order.begin(), order.end(), [&](TensorId a, TensorId b) { return bytes(a) > bytes(b); });

    plan_.offsets.assign(root_.size(), kNotInArena);
    std::vector<TensorId> placed;
    for (const TensorId id : order) {
      std::size_t offset = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (const TensorId other : placed) {
          const std::size_t start = plan_.offsets[static_cast<std::size_t>(other)];
          if (overlap_in_time(id, other) && offset < start + bytes(other) && start < offset + bytes(id)) {
            offset = start + bytes(other);
            moved = true;
          }
        }
      }
      plan_.offsets[static_cast<std::size_t>(id)] = offset;
      placed.push_back(id);
      plan_.arena_bytes = std::max(plan_.arena_bytes, offset + bytes(id));
    }
    for (std::size_t i = 0; i < root_.size(); ++i)
      if (root_[i] != static_cast<TensorId>(i)) plan_.offsets[i] = plan_.offsets[static_cast<std::size_t>(root_[i])];
  }

 private:
  bool is_alias(const Step& step) const {
    if (!traits_.alias_reshape || step.nodes.size() != 1) return false;
    const Node& node = network_.nodes[static_cast<std::size_t>(step.nodes[0])];
    return std::holds_alternative<ReshapeOp>(node.op) &&
           network_.tensors[static_cast<std::size_t>(node.inputs[0])].type ==
               network_.tensors[static_cast<std::size_t>(node.output)].type;
  }

  TensorId root(TensorId id) const { return root_[static_cast<std::size_t>(id)]; }

  void touch(TensorId id, int step) {
    const auto r = static_cast<std::size_t>(root(id));
    first_[r] = first_[r] == kNever ? step : std::min(first_[r], step);
    last_[r] = std::max(last_[r], step);
  }

  bool overlap_in_time(TensorId a, TensorId b) const {
    return first_[static_cast<std::size_t>(a)] <= last_[static_cast<std::size_t>(b)] &&
           first_[static_cast<std::size_t>(b)] <= last_[static_cast<std::size_t>(a)];
  }

  std::size_t bytes(TensorId id) const {
    const std::size_t size = static_cast<std::size_t>(plan_.shapes[static_cast<std::size_t>(id)].elements()) *
                                 size_of(network_.tensors[static_cast<std::size_t>(id)].type) +
                             traits_.read_padding;
    return (size + traits_.alignment - 1) / traits_.alignment * traits_.alignment;
  }

  Plan& plan_;
  const Network& network_;
  const GroupingTraits& traits_;
  std::vector<TensorId> root_;     // the tensor whose memory this one shares
  std::vector<int> first_, last_;  // steps during which a root is alive
};

}  // namespace

Result<Plan> make_plan(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes,
                       std::span<const TensorId> outputs, const GroupingTraits& traits) {
  Plan plan;
  MOBILENET_TRY(plan.shapes, infer_shapes(network, parameters, input_shapes));
  plan.inputs = network.inputs;
  plan.outputs.assign(outputs.begin(), outputs.end());
  for (const TensorId output : outputs)
    if (output < 0 || static_cast<std::size_t>(output) >= network.tensors.size() ||
        network.tensors[static_cast<std::size_t>(output)].parameter >= 0)
      return failure(ErrorCode::invalid_argument, "a wanted tensor is not an activation of the network");
  Planner planner(network, plan.shapes, outputs, traits);
  plan.steps = planner.group(planner.needed_nodes(outputs));
  Arena(plan, network, traits).place();
  return plan;
}

}  // namespace mobilenet
