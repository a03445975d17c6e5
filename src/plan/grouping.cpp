// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/grouping.h"

#include <optional>

namespace mobilenet {
namespace {

// The activation inside a node that a Step may begin with; nullopt: a Step of another kind.
std::optional<Activation> convolution_activation(const Op& op) {
  if (const auto* convolution = std::get_if<Conv2dOp>(&op)) return convolution->activation;
  if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&op)) return depthwise->activation;
  if (const auto* dense = std::get_if<DenseOp>(&op)) return dense->activation;
  return std::nullopt;
}

// Whether an addition adds, element by element, a tensor that is there already to the one that the Step makes.
bool adds_earlier_tensor(const PlanView& plan, const Node& add, TensorId made) {
  const TensorId other = add.inputs[0] == made ? add.inputs[1] : add.inputs[0];
  return other != made && plan.ready(other) && plan.shape(other) == plan.shape(made);
}

}  // namespace

PlanView::PlanView(const Network& network, std::span<const Shape> shapes, std::span<const TensorId> wanted,
                   const std::vector<Step>& steps)
    : network_(network),
      shapes_(shapes),
      steps_(steps),
      wanted_(network.tensors.size(), false),
      ready_(network.tensors.size(), false),
      needed_(network.nodes.size(), false),
      readers_(network.tensors.size()) {
  for (const TensorId id : wanted) wanted_[static_cast<std::size_t>(id)] = true;
  for (const TensorId id : network.inputs) set_ready(id);
  // Whatever a needed node reads needs the node that makes it.
  std::vector<bool> read = wanted_;
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const Node& node = network.nodes[n];
    needed_[n] = read[static_cast<std::size_t>(node.output)];
    for (const TensorId output : node.extra_outputs) needed_[n] = needed_[n] || read[static_cast<std::size_t>(output)];
    if (!needed_[n]) continue;
    for (const TensorId input : node.inputs) {
      if (input == kNoTensor) continue;
      read[static_cast<std::size_t>(input)] = true;
      readers_[static_cast<std::size_t>(input)].push_back(static_cast<int>(n));
    }
  }
}

int PlanView::only_reader(TensorId id) const {
  const std::vector<int>& readers = readers_[static_cast<std::size_t>(id)];
  return !wanted(id) && readers.size() == 1 ? readers[0] : kNoNode;
}

bool Grouping::renames(const PlanView&, const Node&) const { return false; }
int Grouping::next_node(const PlanView&, std::span<const int>) const { return kNoNode; }
void Grouping::arrange(const PlanView&, std::vector<Step>&, std::vector<TensorId>&) const {}
std::size_t Grouping::block_size(const PlanView&, std::size_t) const { return 1; }

bool is_pointwise(const Window& window, const Shape& in, const Shape& out) {
  return window.kernel_height == 1 && window.kernel_width == 1 && window.stride_height == 1 &&
         window.stride_width == 1 && in[1] == out[1] && in[2] == out[2];
}

bool is_plain_reshape(const Network& network, const Node& node) {
  if (!std::holds_alternative<ReshapeOp>(node.op)) return false;
  const Tensor& input = network.tensor(node.inputs[0]);
  return !input.is_constant() && input.type == network.tensor(node.output).type;
}

int next_of_convolution(const PlanView& plan, std::span<const int> nodes) {
  const Node& head = plan.node(nodes.front());
  const Node& last = plan.node(nodes.back());
  const std::optional<Activation> inside = convolution_activation(head.op);
  // An integer result is rounded by its own operator before the next one reads it.
  if (!inside || plan.tensor(head.output).type != DataType::f32) return kNoNode;
  const bool begins = nodes.size() == 1;
  const auto* add = std::get_if<AddOp>(&last.op);
  // An activation ends a Step, whether it is a node or part of one.
  if (begins && *inside != Activation::none) return kNoNode;
  if (add != nullptr && add->activation != Activation::none) return kNoNode;
  if (std::holds_alternative<ActivationOp>(last.op)) return kNoNode;

  const int next = plan.only_reader(last.output);
  if (next == kNoNode) return kNoNode;
  const Node& node = plan.node(next);
  bool fits = std::holds_alternative<ActivationOp>(node.op);
  if (std::holds_alternative<BatchNormOp>(node.op)) fits = begins && node.inputs[0] == last.output;
  if (std::holds_alternative<AddOp>(node.op)) fits = add == nullptr && adds_earlier_tensor(plan, node, last.output);
  return fits ? next : kNoNode;
}

}  // namespace mobilenet
