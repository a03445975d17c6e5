// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/repeated_pixel.h"

#include <algorithm>

namespace mobilenet {
namespace {

bool repeats_a_pixel(const Network& network, std::span<const Shape> shapes, TensorId id) {
  const auto maker =
      std::find_if(network.nodes.begin(), network.nodes.end(), [&](const Node& node) { return node.output == id; });
  if (maker == network.nodes.end() || !std::holds_alternative<ResizeBilinearOp>(maker->op)) return false;
  const Shape& small = shape_of(shapes, maker->inputs[0]);
  return small[1] == 1 && small[2] == 1;
}

}  // namespace

std::optional<RepeatedPixel> repeated_pixel(const Network& network, std::span<const Shape> shapes, const Node& node) {
  const auto* concat = std::get_if<ConcatOp>(&node.op);
  if (concat == nullptr || concat->axis != 3 || node.inputs.size() != 2) return std::nullopt;
  const auto usable = [&](TensorId id) {
    return network.is_activation(id) && network.tensor(id).type == DataType::f32 && shape_of(shapes, id).rank() == 4;
  };
  if (!std::all_of(node.inputs.begin(), node.inputs.end(), usable)) return std::nullopt;
  const int second = static_cast<int>(shape_of(shapes, node.inputs[0])[3]);
  if (repeats_a_pixel(network, shapes, node.inputs[0])) return RepeatedPixel{node.inputs[0], node.inputs[1], 0, second};
  if (repeats_a_pixel(network, shapes, node.inputs[1])) return RepeatedPixel{node.inputs[1], node.inputs[0], second, 0};
  return std::nullopt;
}

int next_of_repeated_pixel(const PlanView& plan, const Node& concat) {
  if (!repeated_pixel(plan.network(), plan.shapes(), concat)) return kNoNode;
  const int next = plan.only_reader(concat.output);
  if (next == kNoNode) return kNoNode;
  const Node& node = plan.node(next);
  const auto* convolution = std::get_if<Conv2dOp>(&node.op);
  const bool fits = convolution != nullptr && convolution->groups == 1 &&
                    plan.tensor(node.output).type == DataType::f32 && plan.network().is_constant(node.inputs[1]) &&
                    is_pointwise(convolution->window, plan.shape(concat.output), plan.shape(node.output));
  return fits ? next : kNoNode;
}

}  // namespace mobilenet
