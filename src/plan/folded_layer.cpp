// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/folded_layer.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "base/error.h"

namespace mobilenet {

TensorId bias_of(const Node& head) { return head.inputs.size() > 2 ? head.inputs[2] : kNoTensor; }

Result<FilterView> checked_view(const Network& network, const Parameters& parameters, const FusedGroup& group) {
  const Node& head = *group.head;
  if (head.inputs.size() < 2 || !network.is_constant(head.inputs[1]))
    return failure(ErrorCode::unsupported, "its weight is not a constant");
  auto view = filter_view(parameters.of(network.tensor(head.inputs[1])));
  if (bias_of(head) != kNoTensor && !network.is_constant(bias_of(head)))
    return failure(ErrorCode::unsupported, "its bias is not a constant");
  if (group.batch_norm != nullptr)
    for (std::size_t i = 1; i < 5; ++i)
      if (!network.is_constant(group.batch_norm->inputs[i]))
        return failure(ErrorCode::unsupported, "the statistics of its batch norm are not constants");
  return view;
}

Result<FusedGroup> fused_group(const Network& network, const Step& step) {
  FusedGroup group;
  std::span<const int> nodes = step.nodes;
  if (const Node& first = network.node(nodes.front()); std::holds_alternative<ConcatOp>(first.op)) {
    group.concat = &first;
    nodes = nodes.subspan(1);
  }
  group.head_index = nodes.front();
  group.head = &network.node(group.head_index);
  if (const auto* convolution = std::get_if<Conv2dOp>(&group.head->op))
    group.activation = convolution->activation;
  else if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&group.head->op))
    group.activation = depthwise->activation;
  else if (const auto* dense = std::get_if<DenseOp>(&group.head->op))
    group.activation = dense->activation;

  TensorId tail = group.head->output;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const Node& node = network.node(nodes[i]);
    const bool activated = group.activation != Activation::none;
    bool fits = !activated;
    if (std::holds_alternative<BatchNormOp>(node.op)) {
      fits = fits && i == 1;
      group.batch_norm = &node;
      group.batch_norm_index = nodes[i];
    } else if (const auto* activation = std::get_if<ActivationOp>(&node.op)) {
      group.activation = activation->activation;
    } else if (const auto* add = std::get_if<AddOp>(&node.op)) {
      fits = fits && group.residual == kNoTensor && node.inputs[0] != node.inputs[1];
      group.residual = node.inputs[0] == tail ? node.inputs[1] : node.inputs[0];
      fits = fits && !network.is_constant(group.residual);
      group.activation = add->activation;
    } else {
      fits = false;
    }
    if (!fits) return failure(ErrorCode::unsupported, "cannot run in one step with ", group.head->name);
    tail = node.output;
  }
  return group;
}

std::vector<float> constant_values(const Network& network, const Parameters& parameters, TensorId id) {
  return real_values(network.tensor(id), parameters.of(network.tensor(id)));
}

ChannelScale channel_scale(const Network& network, const Parameters& parameters, const Node& batch_norm) {
  const std::vector<float> gamma = constant_values(network, parameters, batch_norm.inputs[1]);
  const std::vector<float> beta = constant_values(network, parameters, batch_norm.inputs[2]);
  const std::vector<float> mean = constant_values(network, parameters, batch_norm.inputs[3]);
  const std::vector<float> variance = constant_values(network, parameters, batch_norm.inputs[4]);
  const double epsilon = std::get<BatchNormOp>(batch_norm.op).epsilon;
  ChannelScale scale;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const double factor = static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    scale.factors.push_back(factor);
    scale.shifts.push_back(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * factor);
  }
  return scale;
}

FoldedFilter folded_filter(const Network& network, const Parameters& parameters, const FusedGroup& group,
                           const FilterView& view) {
  const Node& head = *group.head;
  FoldedFilter filter;
  filter.view = view;
  const Tensor& weight = network.tensor(head.inputs[1]);
  const std::span<const std::byte> bytes = parameters.of(network.tensor(head.inputs[1])).bytes;
  // Copies of all weights would be a tenth of the time to a first answer, most of it for memory that is new.
  const bool in_place = parameters.of(network.tensor(head.inputs[1])).type == DataType::f32 && !weight.quantization &&
                        reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(float) == 0;
  if (!in_place) filter.converted = constant_values(network, parameters, head.inputs[1]);
  filter.values = in_place ? reinterpret_cast<const float*>(bytes.data()) : filter.converted.data();
  const auto outputs = static_cast<std::size_t>(view.outputs);
  filter.bias.assign(outputs, 0.0f);
  if (bias_of(head) != kNoTensor) filter.bias = constant_values(network, parameters, bias_of(head));
  filter.factors.assign(outputs, 1.0);
  if (group.batch_norm != nullptr) {
    const ChannelScale scale = channel_scale(network, parameters, *group.batch_norm);
    filter.factors = scale.factors;
    for (std::size_t o = 0; o < outputs; ++o)
      filter.bias[o] = static_cast<float>(static_cast<double>(filter.bias[o]) * scale.factors[o] + scale.shifts[o]);
  }
  return filter;
}

}  // namespace mobilenet
