// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// NetworkBuilder: every call adds nodes to a graph of its own, whose shapes are known at once, and remembers the first
// error; build() makes a model of it.

#include <mobilenet/network.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "api/model_state.h"
#include "api/network_builder_state.h"
#include "base/caught.h"
#include "base/error.h"
#include "formats/labels/labels.h"
#include "models/anchors.h"
#include "models/row_kind.h"
#include "postprocess/detection.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

// Anchors for the feature maps' sizes at the model's own input size: what every session will check again at its own.
Result<void> check_detector(const LoadedModel& model, std::span<const Shape> shapes) {
  const DetectionSpec& spec = model.spec.detection;
  auto decoder = DetectionDecoder::create(spec, network_anchors(spec, model.network(), shapes));
  if (!decoder) return std::move(decoder).error();
  return {};
}

// Files differ in whether a pooled map keeps its height and width of 1.
Error no_map(const std::string& layer, const Shape& shape) {
  return failure(ErrorCode::invalid_argument, layer, ": reads ", to_string(shape),
                 ", expected a map of [batch, height, width, channels]; dense() reads rows");
}

// A builder that found no memory for its state has none; each of its calls then ends for that reason.
BuilderState& alive(const std::unique_ptr<BuilderState>& state) {
  if (!state) throw std::bad_alloc();
  return *state;
}

// The exception that is being handled becomes the builder's error, as any other mistake does.
Value remember_exception(const std::unique_ptr<BuilderState>& state) {
  return state ? state->fail(caught(state->source)) : Value{};
}

// Its network and weights; its answers go, its layers stay.
void take_backbone(BuilderState& state, const ModelState& backbone) {
  state.model = backbone.loaded;
  state.graph = *state.model.graph;
  state.model.graph.reset();
  state.model.format = kBuiltFormat;
  state.model.weights.clear();
  state.source = backbone.info.source + " + own layers";
  std::vector<Shape> inputs;
  const ModelSpec& spec = state.model.spec;
  for (std::size_t i = 0; i < state.network().inputs.size(); ++i)
    inputs.push_back(input_shape(state.network(), i, 1, spec.input_height, spec.input_width));
  auto shapes = infer_shapes(state.network(), state.graph.parameters, inputs);
  if (shapes)
    state.shapes = *std::move(shapes);
  else
    state.fail(std::move(shapes).error());
  Network& network = state.network();
  if (!network.outputs.empty()) state.remember_names(spec, {{state.value(network.outputs[0])}});
  network.outputs.clear();
  network.anchor_maps.clear();
  network.boxes = network.scores = network.mask_logits = network.class_row = kNoTensor;
  state.model.anchors.clear();
  state.model.spec.detection = {};
  state.model.spec.segmentation = {};
}

}  // namespace

NetworkBuilder::NetworkBuilder() {
  try {
    state_ = std::make_unique<BuilderState>();
    state_->model.format = kBuiltFormat;
    state_->model.spec.input_height = state_->model.spec.input_width = 0;
  } catch (...) {
    state_.reset();
  }
}

NetworkBuilder::NetworkBuilder(const Model& backbone) : NetworkBuilder() {
  try {
    take_backbone(alive(state_), *backbone.state_);
  } catch (...) {
    remember_exception(state_);
  }
}

NetworkBuilder::~NetworkBuilder() = default;
NetworkBuilder::NetworkBuilder(NetworkBuilder&&) noexcept = default;
NetworkBuilder& NetworkBuilder::operator=(NetworkBuilder&&) noexcept = default;

Value NetworkBuilder::input(int height, int width, int channels, std::string_view name) try {
  BuilderState& state = alive(state_);
  if (height < 1 || width < 1 || channels < 1 || height > kMostElements / width ||
      std::int64_t{height} * width > kMostElements / channels)
    return state.fail(
        failure(ErrorCode::invalid_argument, "input ", name, ": impossible size ", height, "x", width, "x", channels));
  Tensor tensor;
  tensor.name = state.unique_name(name, "input");
  tensor.shape = {1, height, width, channels};
  const Shape shape = tensor.shape;
  const TensorId id = state.add_tensor(std::move(tensor), shape);
  state.network().inputs.push_back(id);
  if (state.network().inputs.size() == 1) {
    state.model.spec.input_height = height;
    state.model.spec.input_width = width;
  }
  return state.value(id);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::layer(std::string_view name) try {
  BuilderState& state = alive(state_);
  const TensorId id = state.network().find(name);
  if (id == kNoTensor) return state.fail(failure(ErrorCode::not_found, state.source, ": no layer or tensor ", name));
  return state.value(id);
} catch (...) {
  return remember_exception(state_);
}

std::vector<Value> NetworkBuilder::append(const Model& model, Value input) try {
  BuilderState& state = alive(state_);
  if (!state.valid(input)) return {};
  const LoadedModel& other = model.state_->loaded;
  const Network& from = other.network();
  const std::string& source = model.info().source;
  if (from.inputs.size() != 1) {
    state.fail(failure(ErrorCode::invalid_argument, source, ": has ", from.inputs.size(), " inputs, expected one"));
    return {};
  }
  const Tensor& wanted = from.tensor(from.inputs[0]);
  const Tensor& given = state.tensor(input);
  const bool same_quantization =
      wanted.quantization.has_value() == given.quantization.has_value() &&
      (!wanted.quantization || (wanted.quantization->scales == given.quantization->scales &&
                                wanted.quantization->zero_points == given.quantization->zero_points));
  if (wanted.type != given.type || !(wanted.shape == state.shape(input)) || !same_quantization) {
    state.fail(failure(ErrorCode::invalid_argument, source, ": its input ", wanted.name, " is ", name_of(wanted.type),
                       " ", to_string(wanted.shape), ", which ", given.name, ", ", name_of(given.type), " ",
                       to_string(state.shape(input)), same_quantization ? "" : " with another quantisation",
                       ", does not fit"));
    return {};
  }
  auto shapes = infer_shapes(from, other.parameters(), std::span<const Shape>(&wanted.shape, 1));
  if (!shapes) {
    state.fail(at(source, std::move(shapes).error()));
    return {};
  }
  const int first_parameter = static_cast<int>(state.graph.parameters.values.size());
  Parameters& parameters = state.graph.parameters;
  parameters.values.insert(parameters.values.end(), other.parameters().values.begin(), other.parameters().values.end());
  parameters.owners.insert(parameters.owners.end(), other.parameters().owners.begin(), other.parameters().owners.end());
  std::vector<TensorId> moved(from.tensors.size());
  for (std::size_t i = 0; i < from.tensors.size(); ++i) {
    if (static_cast<TensorId>(i) == from.inputs[0]) {
      moved[i] = input.id;
      continue;
    }
    Tensor tensor = from.tensors[i];
    if (tensor.is_constant()) tensor.parameter += first_parameter;
    moved[i] = state.add_tensor(std::move(tensor), (*shapes)[i]);
  }
  const auto move_id = [&](TensorId id) { return id == kNoTensor ? id : moved[static_cast<std::size_t>(id)]; };
  for (Node node : from.nodes) {
    std::transform(node.inputs.begin(), node.inputs.end(), node.inputs.begin(), move_id);
    node.output = move_id(node.output);
    std::transform(node.extra_outputs.begin(), node.extra_outputs.end(), node.extra_outputs.begin(), move_id);
    state.network().nodes.push_back(std::move(node));
  }
  for (const Layer& layer : from.layers)
    if (state.network().find(layer.name) == kNoTensor)
      state.network().layers.push_back({layer.name, move_id(layer.tensor)});
  state.network().fixed_size = state.network().fixed_size || from.fixed_size;
  std::vector<Value> outputs;
  for (const TensorId id : from.outputs) outputs.push_back(state.value(move_id(id)));
  state.remember_names(other.spec, outputs);
  return outputs;
} catch (...) {
  remember_exception(state_);
  return {};
}

Value NetworkBuilder::convolution(Value input, const ConvolutionOptions& o) try {
  BuilderState& state = alive(state_);
  if (!state.to_float(input)) return {};
  auto window = make_window(o.kernel, o.stride, o.dilation, o.padding);
  const Shape& shape = state.shape(input);
  const std::string name = state.unique_name(o.name, "convolution");
  if (!window) return state.fail(at(name, std::move(window).error()));
  if (shape.rank() != 4) return state.fail(no_map(name, shape));
  if (o.outputs < 1) return state.fail(failure(ErrorCode::invalid_argument, name, ": ", o.outputs, " outputs"));
  const Shape weight{o.outputs, o.kernel, o.kernel, shape[3]};
  if (!state.expect(o.weight, weight, name, "weight")) return {};
  if (!o.bias.empty() && !state.expect(o.bias, {o.outputs}, name, "bias")) return {};
  const TensorId w = state.constant(o.weight, weight, WeightLayout::ohwi, name + ".weight");
  const TensorId b = state.constant(o.bias, {o.outputs}, WeightLayout::none, name + ".bias");
  return state.add_node(Conv2dOp{*window, 1, o.activation}, {input.id, w, b}, o.name);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::depthwise(Value input, const ConvolutionOptions& o) try {
  BuilderState& state = alive(state_);
  if (!state.to_float(input)) return {};
  auto window = make_window(o.kernel, o.stride, o.dilation, o.padding);
  const Shape& shape = state.shape(input);
  const std::string name = state.unique_name(o.name, "depthwise");
  if (!window) return state.fail(at(name, std::move(window).error()));
  if (shape.rank() != 4) return state.fail(no_map(name, shape));
  if (o.outputs != 0 && o.outputs != shape[3])
    return state.fail(failure(ErrorCode::invalid_argument, name, ": ", o.outputs, " outputs from ", to_string(shape),
                              "; a depthwise layer keeps its channels"));
  const Shape weight{1, o.kernel, o.kernel, shape[3]};
  const Shape bias{shape[3]};
  if (!state.expect(o.weight, weight, name, "weight")) return {};
  if (!o.bias.empty() && !state.expect(o.bias, bias, name, "bias")) return {};
  const TensorId w = state.constant(o.weight, weight, WeightLayout::hwc, name + ".weight");
  const TensorId b = state.constant(o.bias, bias, WeightLayout::none, name + ".bias");
  return state.add_node(DepthwiseConv2dOp{*window, 1, o.activation}, {input.id, w, b}, o.name);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::pointwise(Value input, const ConvolutionOptions& options) try {
  ConvolutionOptions one = options;
  one.kernel = one.stride = one.dilation = 1;
  return convolution(input, one);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::dense(Value input, const DenseOptions& o) try {
  BuilderState& state = alive(state_);
  if (!state.to_float(input)) return {};
  const std::string name = state.unique_name(o.name, "dense");
  if (o.outputs < 1) return state.fail(failure(ErrorCode::invalid_argument, name, ": ", o.outputs, " outputs"));
  const Shape weight{o.outputs, state.shape(input).elements()};
  if (!state.expect(o.weight, weight, name, "weight")) return {};
  if (!o.bias.empty() && !state.expect(o.bias, {o.outputs}, name, "bias")) return {};
  const TensorId w = state.constant(o.weight, weight, WeightLayout::oi, name + ".weight");
  const TensorId b = state.constant(o.bias, {o.outputs}, WeightLayout::none, name + ".bias");
  return state.add_node(DenseOp{o.activation}, {input.id, w, b}, o.name);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::add(Value a, Value b, Activation activation) try {
  BuilderState& state = alive(state_);
  if (!state.to_float(a) || !state.to_float(b)) return {};
  return state.add_node(AddOp{activation}, {a.id, b.id}, {});
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::concat(std::span<const Value> inputs) try {
  BuilderState& state = alive(state_);
  if (inputs.empty()) return state.fail(failure(ErrorCode::invalid_argument, "concat of nothing"));
  std::vector<TensorId> ids;
  for (Value value : inputs) {
    if (!state.to_float(value)) return {};
    ids.push_back(value.id);
  }
  const int rank = state.shape(ids[0]).rank();
  return state.add_node(ConcatOp{rank - 1}, std::move(ids), {});
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::average_pool(Value input, const PoolingOptions& o) try {
  return alive(state_).add_pool(PoolKind::average, input, o);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::max_pool(Value input, const PoolingOptions& o) try {
  return alive(state_).add_pool(PoolKind::max, input, o);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::global_average_pool(Value input) try {
  return alive(state_).add_unary(GlobalAveragePoolOp{true}, input);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::resize_bilinear(Value input, int height, int width, Enlargement enlargement) try {
  if (height < 1 || width < 1)
    return alive(state_).fail(failure(ErrorCode::invalid_argument, "resize to ", height, "x", width, " is impossible"));
  return alive(state_).add_unary(ResizeBilinearOp{height, width, enlargement}, input);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::activation(Value input, Activation activation) try {
  return alive(state_).add_unary(ActivationOp{activation}, input);
} catch (...) {
  return remember_exception(state_);
}

Value NetworkBuilder::softmax(Value input) try { return alive(state_).add_unary(SoftmaxOp{1.0f}, input); } catch (...) {
  return remember_exception(state_);
}

void NetworkBuilder::detector(const DetectorOptions& o) try {
  BuilderState& state = alive(state_);
  if (!state.may_answer()) return;
  const std::size_t maps = o.maps.size();
  if (maps == 0 || maps > kMostMaps || (!o.anchors.empty() && o.anchors.size() != maps) || o.classes < 1 ||
      o.classes > kMostDetectorClasses) {
    state.fail(failure(ErrorCode::invalid_argument, "a detector of ", o.classes, " classes with ", maps,
                       " feature maps and anchors for ", o.anchors.empty() ? maps : o.anchors.size(),
                       " is impossible"));
    return;
  }
  DetectionSpec spec;
  spec.classes = o.classes;
  spec.background_column = o.background_column;
  if (o.anchors.empty()) spec.anchor_unit = AnchorUnit::shorter_side;
  spec.anchor_shapes = o.anchors.empty() ? multiple_grid_shapes(static_cast<int>(maps)) : o.anchors;
  spec.coder = o.coder;
  spec.score_function = o.score_function;
  spec.suppression = o.suppression;

  const int columns = o.classes + (o.background_column ? 1 : 0);
  std::vector<TensorId> boxes, scores;
  for (std::size_t i = 0; i < maps; ++i) {
    const DetectorMap& map = o.maps[i];
    const std::size_t anchors = spec.anchor_shapes[i].size();
    for (const AnchorShape& shape : spec.anchor_shapes[i])
      if (!(shape.height > 0 && shape.width > 0)) {
        state.fail(failure(ErrorCode::invalid_argument, "detector map ", i, ": an anchor of ", shape.height, "x",
                           shape.width, " sides of the picture is impossible"));
        return;
      }
    boxes.push_back(state.add_rows(map.boxes, "boxes", i, anchors, 4));
    scores.push_back(state.add_rows(map.scores, "scores", i, anchors, columns));
    if (state.first_error) return;
    const Shape &a = state.shape(map.boxes), &b = state.shape(map.scores);
    if (a[1] != b[1] || a[2] != b[2]) {
      state.fail(failure(ErrorCode::invalid_argument, "detector map ", i, ": boxes are ", to_string(a),
                         " but scores are ", to_string(b)));
      return;
    }
    state.network().anchor_maps.push_back(map.boxes.id);
  }
  const Value all_boxes = state.add_node(ConcatOp{1}, std::move(boxes), "boxes");
  const Value all_scores = state.add_node(ConcatOp{1}, std::move(scores), "scores");
  if (state.first_error) return;
  Network& network = state.network();
  network.outputs.insert(network.outputs.end(), {all_boxes.id, all_scores.id});
  network.boxes = all_boxes.id;
  network.scores = all_scores.id;
  state.model.spec.detection = std::move(spec);
  state.model.spec.preprocess.mode = ResizeMode::squash;
  state.model.spec.preprocess.filter = ResizeFilter::pil_bilinear;
} catch (...) {
  remember_exception(state_);
}

void NetworkBuilder::segmenter(Value logits, const SegmenterOptions& o) try {
  BuilderState& state = alive(state_);
  if (!state.may_answer() || !state.to_float(logits)) return;
  const Shape& shape = state.shape(logits);
  if (shape.rank() != 4 || shape[3] < 2 || shape[3] > kMostMaskClasses) {
    state.fail(failure(ErrorCode::invalid_argument, "a segmenter's logits are ", to_string(shape),
                       ", expected [batch, height, width, 2 to ", kMostMaskClasses, " classes]"));
    return;
  }
  SegmentationSpec& spec = state.model.spec.segmentation;
  spec.classes = static_cast<int>(shape[3]);
  spec.enlargement = o.enlargement;
  state.network().outputs.push_back(logits.id);
  state.network().mask_logits = logits.id;
  state.model.spec.preprocess.mode = ResizeMode::pad;
  state.model.spec.preprocess.filter = ResizeFilter::pil_bilinear;
} catch (...) {
  remember_exception(state_);
}

void NetworkBuilder::labels(std::vector<std::string> names) try {
  alive(state_).labels = std::move(names);
} catch (...) {
  remember_exception(state_);
}

void NetworkBuilder::output(Value value, std::string_view name) try {
  BuilderState& state = alive(state_);
  if (!state.valid(value)) return;
  Network& network = state.network();
  std::string& own_name = network.tensor(value.id).name;
  const std::string wanted(name.empty() ? std::string_view(own_name) : name);
  const auto known = std::find(network.outputs.begin(), network.outputs.end(), value.id);
  for (const TensorId other : network.outputs)
    if (other != value.id && network.tensor(other).name == wanted) {
      state.fail(failure(ErrorCode::invalid_argument, "output ", wanted, ": another output has this name"));
      return;
    }
  own_name = wanted;
  if (known == network.outputs.end()) network.outputs.push_back(value.id);
} catch (...) {
  remember_exception(state_);
}

Result<void> BuilderState::decide_classes(LoadedModel& built) const {
  ModelSpec& spec = built.spec;
  spec.classes = 0;
  spec.class_scores = ScoreFunction::softmax;
  spec.has_background = false;
  spec.labels.clear();
  std::erase_if(built.decisions, [](const Decision& decision) {
    return decision.what.starts_with("labels") || decision.what == "background" || decision.what == "scores";
  });
  const bool answers = spec.detection.classes > 0 || spec.segmentation.classes > 0;
  const TensorId output = graph.network.outputs[0];
  const Shape& shape = shape_of(shapes, output);
  const std::int64_t rows = shape.rank() > 0 ? shape[shape.rank() - 1] : 0;
  const RowKind kind = row_kind(graph.network, output);
  if (!answers && shape.elements() == rows && (kind != RowKind::other || !labels.empty())) {
    spec.classes = static_cast<int>(rows);
    if (kind == RowKind::probabilities)
      spec.class_scores = ScoreFunction::identity;
    else if (rows == 1)
      spec.class_scores.reset();
    const NamedRow* const known = named_row(output);
    if (known != nullptr && kind == RowKind::logits) spec.class_scores = known->scores;
    if (known != nullptr && labels.empty()) {
      spec.labels = known->labels;
      spec.has_background = known->has_background;
    }
  }
  if (labels.empty()) return {};
  auto named = set_labels(label_source("labels()", labels), spec, built.decisions);
  if (!named) return at(source, std::move(named).error());
  return {};
}

Result<Model> NetworkBuilder::build() const try {
  const BuilderState& state = alive(state_);
  if (state.first_error) return *state.first_error;
  if (state.graph.network.outputs.empty())
    return failure(ErrorCode::invalid_argument, state.source, ": the network has no output; mark one with output()");
  LoadedModel model = state.model;
  model.graph = std::make_shared<const ModelGraph>(state.graph);
  ModelSpec& spec = model.spec;
  spec.architecture = Architecture::graph;
  const bool answers = spec.detection.classes > 0 || spec.segmentation.classes > 0;
  if (answers && (model.network().inputs.size() != 1 || state.shape(model.network().inputs[0]).rank() != 4))
    return failure(ErrorCode::invalid_argument, state.source, ": has ", model.network().inputs.size(),
                   " inputs, but detectors and segmenters take one picture");
  if (spec.detection.classes > 0)
    if (auto good = check_detector(model, state.shapes); !good)
      return at(state.source, callers(std::move(good).error()));
  MOBILENET_CHECK(state.decide_classes(model));
  auto made = ModelState::make(std::move(model), state.source, {});
  if (!made) return callers(std::move(made).error());
  return Model(*std::move(made));
} catch (...) {
  return caught(state_ ? std::string_view(state_->source) : "network");
}

}  // namespace mobilenet
