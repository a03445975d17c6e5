// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/assembly.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

// What a convolution computes before its batch norm and activation is a tensor of its own.
constexpr std::string_view kConvolutionTensor = "/convolution";
constexpr std::string_view kNormTensor = "/norm";
constexpr std::string_view kScale = "_scale";

std::string join(const std::string& layer, std::string_view part) { return layer + std::string(part); }

Activation activation_of(BlockActivation activation) {
  switch (activation) {
    case BlockActivation::relu:
      return Activation::relu;
    case BlockActivation::relu6:
      return Activation::relu6;
  }
  return Activation::none;
}

}  // namespace

Assembly::Assembly(const ModelSpec& spec, const Parameters* parameters, const WeightIndex* weights)
    : spec_(spec), parameters_(parameters), weights_(weights), epsilon_(spec.epsilon), activation_(spec.activation) {}

void Assembly::use_convention(double epsilon, BlockActivation activation) {
  epsilon_ = epsilon;
  activation_ = activation;
}

TensorId Assembly::tensor(std::string name) {
  network_.tensors.emplace_back().name = std::move(name);
  return static_cast<TensorId>(network_.tensors.size()) - 1;
}

TensorId Assembly::node(std::string name, Op op, std::vector<TensorId> inputs) {
  const TensorId output = tensor(name);
  network_.nodes.push_back({std::move(name), std::move(op), std::move(inputs), output});
  return output;
}

bool Assembly::has(const std::string& layer, std::string_view part) const {
  return weights_ && weights_->contains(join(layer, part));
}

TensorId Assembly::weight(const std::string& layer, std::string_view part, const Shape& expected) {
  const std::string name = join(layer, part);
  if (!weights_) {
    needed_.push_back({name, expected});
    return kNoTensor;
  }
  if (mistake_) return kNoTensor;
  const std::string_view what = part.substr(1);
  const auto found = weights_->find(name);
  if (found == weights_->end()) {
    mistake_ = failure(ErrorCode::bad_format, layer, ": ", what, " is missing, expected ", to_string(expected));
    return kNoTensor;
  }
  const Parameter& parameter = parameters_->value(found->second);
  // A classifier may be stored as a 1x1 convolution.
  Shape shape = parameter.shape;
  if (expected.rank() == 2 && shape.rank() == 4 && shape[2] == 1 && shape[3] == 1) shape = {shape[0], shape[1]};
  if (!(shape == expected)) {
    mistake_ = failure(ErrorCode::bad_format, layer, ": ", what, " is ", to_string(parameter.shape), ", expected ",
                       to_string(expected));
    return kNoTensor;
  }
  const bool integers = parameter.type == DataType::i8 && has(layer, join(std::string(part), kScale));
  if (parameter.type != DataType::f32 && parameter.type != DataType::f16 && !integers) {
    mistake_ =
        failure(ErrorCode::unsupported, layer, ": ", what, " is ", name_of(parameter.type), ", expected f32 or f16");
    return kNoTensor;
  }
  const TensorId id = tensor(name);
  Tensor& constant = network_.tensors.back();
  constant.type = parameter.type;
  constant.shape = parameter.shape;
  constant.parameter = found->second;
  if (integers) constant.quantization = weight_scales(layer, part, static_cast<int>(expected[0]));
  return id;
}

Quantization Assembly::weight_scales(const std::string& layer, std::string_view part, int outputs) {
  const std::string name = join(layer, part) + std::string(kScale);
  const Parameter& parameter = parameters_->value(weights_->at(name));
  Quantization quantization;
  const auto mistaken = [&](const auto&... is) {
    mistake_ = failure(ErrorCode::bad_format, layer, ": ", part.substr(1), kScale, " is ", is...);
    return quantization;
  };
  if (parameter.type != DataType::f32 || !(parameter.shape == Shape{outputs}))
    return mistaken(name_of(parameter.type), " ", to_string(parameter.shape), ", expected f32 ", outputs);
  for (int i = 0; i < outputs; ++i) {
    const auto scale = static_cast<float>(stored_value(parameter, i));
    if (!std::isfinite(scale)) return mistaken(scale, " for channel ", i, ", expected a finite number");
    quantization.scales.push_back(scale);
  }
  quantization.zero_points.assign(quantization.scales.size(), 0);
  return quantization;
}

Window Assembly::window(const Filter& filter) const {
  Window window;
  window.kernel_height = window.kernel_width = filter.kernel;
  window.stride_height = window.stride_width = filter.stride;
  window.dilation_height = window.dilation_width = filter.dilation;
  if (spec_.tf_padding) {
    window.padding.rule = Padding::Rule::same;
  } else {
    const int each = filter.dilation * (filter.kernel - 1) / 2;
    window.padding = {Padding::Rule::explicit_, each, each, each, each};
  }
  return window;
}

TensorId Assembly::input() {
  const TensorId id = tensor(spec_.input_name);
  network_.tensors.back().shape = {1, spec_.input_height, spec_.input_width, 3};
  network_.inputs = {id};
  return id;
}

TensorId Assembly::finish_layer(const std::string& layer, Op op, TensorId x, const Shape& weight_shape,
                                const Filter& filter) {
  const TensorId filter_tensor = weight(layer, ".weight", weight_shape);
  const Shape channels{filter.outputs};
  TensorId y = kNoTensor;
  // The last tensor of the three has the layer's own name.
  if (!filter.norm || has(layer, ".bias")) {
    const TensorId bias = weight(layer, ".bias", channels);
    y = node(filter.activated ? join(layer, kConvolutionTensor) : layer, std::move(op), {x, filter_tensor, bias});
  } else {
    const TensorId gamma = weight(layer, ".norm.gamma", channels);
    const TensorId beta = weight(layer, ".norm.beta", channels);
    const TensorId mean = weight(layer, ".norm.mean", channels);
    const TensorId variance = weight(layer, ".norm.variance", channels);
    y = node(join(layer, kConvolutionTensor), std::move(op), {x, filter_tensor});
    y = node(filter.activated ? join(layer, kNormTensor) : layer, BatchNormOp{epsilon_},
             {y, gamma, beta, mean, variance});
  }
  if (filter.activated) y = node(layer, ActivationOp{activation_of(activation_)}, {y});
  this->layer(layer, y);
  return y;
}

TensorId Assembly::convolution(const std::string& layer, TensorId x, int inputs, const Filter& filter) {
  return finish_layer(layer, Conv2dOp{.window = window(filter)}, x,
                      {filter.outputs, inputs, filter.kernel, filter.kernel}, filter);
}

TensorId Assembly::depthwise(const std::string& layer, TensorId x, int channels, const Filter& filter) {
  Filter per_channel = filter;
  per_channel.outputs = channels;
  return finish_layer(layer, DepthwiseConv2dOp{.window = window(filter)}, x,
                      {channels, 1, filter.kernel, filter.kernel}, per_channel);
}

TensorId Assembly::add(const std::string& layer, TensorId a, TensorId b) {
  const TensorId sum = node(layer, AddOp{}, {a, b});
  this->layer(layer, sum);
  return sum;
}

TensorId Assembly::pool(TensorId x, HeadPooling pooling) {
  constexpr unsigned kHeightAndWidth = 0b0110;
  const auto averages = [&] { return pool_map("pool/average", x); };
  const auto maxima = [&] { return node("pool/maximum", ReduceOp{ReduceKind::maximum, kHeightAndWidth}, {x}); };
  TensorId pooled = x;
  switch (pooling) {
    case HeadPooling::none:
      return x;
    case HeadPooling::average:
      pooled = node("pool", GlobalAveragePoolOp{.keep_axes = false}, {x});
      break;
    case HeadPooling::maximum:
      pooled = node("pool", ReduceOp{ReduceKind::maximum, kHeightAndWidth, false}, {x});
      break;
    case HeadPooling::mean_of_both:  // as a map of two pixels
      pooled = node("pool", GlobalAveragePoolOp{.keep_axes = false}, {concat("pool/both", {averages(), maxima()}, 1)});
      break;
    case HeadPooling::both:
      pooled = node("pool", ReshapeOp{{1, -1}}, {concat("pool/both", {averages(), maxima()}, 3)});
      break;
  }
  layer("pool", pooled);
  return pooled;
}

TensorId Assembly::dense(TensorId x, int inputs, int outputs) {
  const TensorId filter = weight("logits", ".weight", {outputs, inputs});
  std::vector<TensorId> operands{x, filter};
  if (!weights_ || has("logits", ".bias")) operands.push_back(weight("logits", ".bias", {outputs}));
  const TensorId logits = node("logits", DenseOp{}, std::move(operands));
  layer("logits", logits);
  return logits;
}

TensorId Assembly::pool_map(const std::string& name, TensorId x) { return node(name, GlobalAveragePoolOp{}, {x}); }

TensorId Assembly::resize(const std::string& name, TensorId x, TensorId like) {
  return node(name, ResizeBilinearOp{.enlargement = Enlargement::align_corners}, {x, like});
}

TensorId Assembly::concat(const std::string& name, std::vector<TensorId> parts, int axis) {
  return node(name, ConcatOp{axis}, std::move(parts));
}

TensorId Assembly::rows(const std::string& name, TensorId x, int columns) {
  return node(name, ReshapeOp{{1, -1, columns}}, {x});
}

void Assembly::layer(std::string name, TensorId tensor) { network_.layers.push_back({std::move(name), tensor}); }

void Assembly::alias(std::string name, TensorId tensor) { network_.aliases.push_back({std::move(name), tensor}); }

void Assembly::end(TensorId output) { network_.outputs = {output}; }

void Assembly::end_detector(TensorId boxes, TensorId scores, std::vector<TensorId> anchor_maps) {
  network_.outputs = {boxes, scores};
  network_.boxes = boxes;
  network_.scores = scores;
  network_.anchor_maps = std::move(anchor_maps);
}

void Assembly::end_segmenter(TensorId logits) {
  network_.outputs = {logits};
  network_.mask_logits = logits;
}

Result<Network> Assembly::finish() {
  if (mistake_) return *std::move(mistake_);
  return std::move(network_);
}

}  // namespace mobilenet
