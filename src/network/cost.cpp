// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/cost.h"

namespace mobilenet {
namespace {

bool has_weight(const Op& op) {
  return std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DepthwiseConv2dOp>(op) ||
         std::holds_alternative<TransposeConv2dOp>(op) || std::holds_alternative<DenseOp>(op);
}

}  // namespace

NetworkCost cost_of(const Network& network, const Parameters& parameters, std::span<const Shape> shapes) {
  NetworkCost cost;
  std::vector<bool> normalised(network.tensors.size(), false);  // outputs that a batch norm reads
  for (const Node& node : network.nodes)
    if (std::holds_alternative<BatchNormOp>(node.op)) normalised[static_cast<std::size_t>(node.inputs[0])] = true;

  for (const Node& node : network.nodes) {
    if (!has_weight(node.op)) continue;
    const Tensor& weight = network.tensor(node.inputs[1]);
    const std::int64_t weights = parameters.of(weight).shape.elements();
    const Shape& output = shape_of(shapes, node.output);
    const std::int64_t channels = output[output.rank() - 1];
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoTensor;
    cost.parameters += weights;
    if (has_bias || normalised[static_cast<std::size_t>(node.output)]) cost.parameters += channels;
    // Every output position uses each weight of its channel once; in a transposed convolution every input position
    // does.
    const bool transposed = std::holds_alternative<TransposeConv2dOp>(node.op);
    const Shape& input = shape_of(shapes, node.inputs[0]);
    const std::int64_t positions =
        transposed ? input.elements() / input[input.rank() - 1] : output.elements() / channels;
    cost.macs += positions * weights;
  }
  return cost;
}

}  // namespace mobilenet
