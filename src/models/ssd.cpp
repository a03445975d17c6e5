// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// SSD and SSDLite: boxes and class scores from several feature maps of falling size. In SSDLite
// every 3x3 convolution of the extras and the predictors is depthwise separable.

#include <algorithm>

#include "base/error.h"
#include "models/anchors.h"
#include "models/assembly.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

struct FeatureMap {
  TensorId tensor = kNoTensor;
  int channels = 0;
};

int columns_of(const DetectionSpec& detection) { return detection.classes + (detection.background_column ? 1 : 0); }

FeatureMap tapped(const ModelSpec& spec, const BackboneTensors& backbone) {
  const auto index = static_cast<std::size_t>(spec.detection_head.tap) - 1;
  const BlockSpec& block = spec.blocks[index];
  switch (backbone_of(spec.architecture).blocks) {
    case BlockKind::separable:
      return {backbone.blocks[index].output, block.outputs};
    case BlockKind::inverted_residual:
      return {backbone.blocks[index].expansion, block.hidden};
  }
  return {};
}

FeatureMap extra_map(const ModelSpec& spec, std::size_t number, const FeatureMap& before, Assembly& net) {
  const ExtraMapSpec& extra = spec.detection_head.extras[number - 1];
  const std::string layer = "extra" + std::to_string(number);
  TensorId x = net.convolution(layer + "/reduce", before.tensor, before.channels, {.outputs = extra.reduced});
  if (spec.detection_head.separable_extras) {
    x = net.depthwise(layer + "/depthwise", x, extra.reduced, {.kernel = 3, .stride = 2});
    x = net.convolution(layer, x, extra.reduced, {.outputs = extra.outputs});
  } else {
    x = net.convolution(layer, x, extra.reduced, {.outputs = extra.outputs, .kernel = 3, .stride = 2});
  }
  return {x, extra.outputs};
}

// One row of `columns` numbers for every anchor of a map.
TensorId predict(const ModelSpec& spec, const std::string& layer, const FeatureMap& map, std::size_t anchors,
                 int columns, Assembly& net) {
  const PredictorKind kind = spec.detection_head.predictor;
  TensorId x = map.tensor;
  if (kind == PredictorKind::separable) x = net.depthwise(layer + "/depthwise", x, map.channels, {.kernel = 3});
  x = net.convolution(layer, x, map.channels,
                      {.outputs = static_cast<int>(anchors) * columns,
                       .kernel = kind == PredictorKind::dense ? 3 : 1,
                       .activated = false,
                       .norm = false});
  return net.rows(layer + "/rows", x, columns);
}

Result<void> check_shapes(const std::vector<AnchorShape>& shapes) {
  if (shapes.empty() || shapes.size() > kMostAnchors)
    return failure(ErrorCode::bad_format, "has ", shapes.size(), " anchors a cell, expected 1 to ", kMostAnchors);
  for (const AnchorShape& shape : shapes)
    for (const float side : {shape.height, shape.width})
      if (!(side > 0 && side <= kLargestAnchor))
        return failure(ErrorCode::bad_format, "has an anchor of ", shape.width, "x", shape.height,
                       ", expected more than 0 and up to ", kLargestAnchor);
  return {};
}

// Channels of a backbone without narrow layers.
void keep_at_least(int least, const Backbone& backbone, ModelSpec& spec) {
  int inputs = spec.stem = std::max(least, spec.stem);
  for (BlockSpec& block : spec.blocks) {
    const int expansion = block.hidden / block.inputs;
    block.inputs = inputs;
    block.hidden = expansion * inputs;
    block.outputs = std::max(least, block.outputs);
    block.residual = has_residuals(backbone.blocks) && block.stride == 1 && block.inputs == block.outputs;
    inputs = block.outputs;
  }
}

}  // namespace

Result<void> check_ssd(const ModelSpec& spec) {
  const DetectionHeadSpec& head = spec.detection_head;
  const DetectionSpec& detection = spec.detection;
  const bool lite = row_of(spec.architecture).predictor == PredictorKind::separable;
  if (lite != (head.predictor == PredictorKind::separable) || (lite && !head.separable_extras))
    return failure(ErrorCode::bad_format, "SSDLite, and nothing else, has separable predictors, with separable extras");
  if (head.tap < 1 || static_cast<std::size_t>(head.tap) > spec.blocks.size())
    return failure(ErrorCode::bad_format, "the first feature map is of block ", head.tap, ", there are ",
                   spec.blocks.size(), " blocks");
  if (head.extras.size() > kMostExtras)
    return failure(ErrorCode::bad_format, "has ", head.extras.size(), " extra feature maps, at most ", kMostExtras);
  for (const ExtraMapSpec& extra : head.extras)
    for (const int channels : {extra.reduced, extra.outputs})
      if (channels < 1 || channels > kMostChannels)
        return failure(ErrorCode::bad_format, "an extra feature map has ", channels, " channels, expected 1 to ",
                       kMostChannels);
  if (detection.classes < 1 || detection.classes > kMostSsdClasses)
    return failure(ErrorCode::bad_format, "has ", detection.classes, " classes to detect, expected 1 to ",
                   kMostSsdClasses);
  if (detection.anchor_shapes.size() != head.extras.size() + 2)
    return failure(ErrorCode::bad_format, "has anchors for ", detection.anchor_shapes.size(), " feature maps of ",
                   head.extras.size() + 2);
  for (std::size_t map = 0; map < detection.anchor_shapes.size(); ++map)
    if (auto fits = check_shapes(detection.anchor_shapes[map]); !fits)
      return at("head" + std::to_string(map), std::move(fits).error());
  return {};
}

void assemble_ssd(const ModelSpec& spec, const BackboneTensors& backbone, Assembly& net) {
  std::vector<FeatureMap> maps{tapped(spec, backbone), {backbone.output, backbone.channels}};
  for (std::size_t i = 1; i <= spec.detection_head.extras.size(); ++i)
    maps.push_back(extra_map(spec, i, maps.back(), net));

  std::vector<TensorId> boxes, scores, tensors;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const std::string head = "head" + std::to_string(i);
    const std::size_t anchors = spec.detection.anchor_shapes[i].size();
    boxes.push_back(predict(spec, head + "/box", maps[i], anchors, 4, net));
    scores.push_back(predict(spec, head + "/class", maps[i], anchors, columns_of(spec.detection), net));
    tensors.push_back(maps[i].tensor);
  }
  const TensorId all_boxes = net.concat("raw_outputs/box_encodings", std::move(boxes), 1);
  const TensorId all_scores = net.concat("raw_outputs/class_predictions", std::move(scores), 1);
  net.end_detector(all_boxes, all_scores, std::move(tensors));
}

void add_ssd(const ArchitectureRow& row, int classes, ModelSpec& spec) {
  // TensorFlow's detectors keep at least 16 channels anywhere, its classifiers 8.
  constexpr int kLeastChannels = 16;
  const Backbone& backbone = *row.backbone;
  const double depth_multiplier = spec.depth_multiplier;
  keep_at_least(kLeastChannels, backbone, spec);
  if (backbone.last > 0)
    spec.last = std::max(kLeastChannels, scale_channels(backbone.rounding, backbone.last, depth_multiplier));
  spec.detection_head.tap = row.tap;
  spec.detection_head.separable_extras = row.separable_extras;
  spec.detection_head.predictor = row.predictor;
  for (const int outputs : {512, 256, 256, 128}) {
    const auto scaled = [&](int channels) {
      return std::max(kLeastChannels, static_cast<int>(channels * depth_multiplier));
    };
    spec.detection_head.extras.push_back({scaled(outputs / 2), scaled(outputs)});
  }
  spec.detection.classes = classes;
  spec.detection.anchor_shapes = multiple_grid_shapes(static_cast<int>(spec.detection_head.extras.size()) + 2);
  spec.detection.anchor_unit = AnchorUnit::shorter_side;
  spec.detection.score_function = ScoreFunction::sigmoid;
  spec.preprocess.mode = ResizeMode::squash;
}

}  // namespace mobilenet
