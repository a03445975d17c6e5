// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/answer_task.h"

#include "base/error.h"
#include "models/anchors.h"
#include "models/row_kind.h"
#include "network/parameter.h"

namespace mobilenet::tflite {
namespace {

// The feature maps behind [1, anchors, 4] boxes: a concatenation of reshaped convolutions. Empty for anything else.
std::vector<TensorId> box_maps(const Network& network, TensorId boxes) {
  const Node* joined = network.producer(boxes);
  if (joined != nullptr && std::holds_alternative<ReshapeOp>(joined->op)) joined = network.producer(joined->inputs[0]);
  if (joined == nullptr || !std::holds_alternative<ConcatOp>(joined->op)) return {};
  std::vector<TensorId> maps;
  for (const TensorId part : joined->inputs) {
    const Node* reshape = network.producer(part);
    if (reshape == nullptr || !std::holds_alternative<ReshapeOp>(reshape->op)) return {};
    const Shape& map = network.tensor(reshape->inputs[0]).shape;
    if (map.rank() != 4 || map[3] % 4 != 0) return {};
    maps.push_back(reshape->inputs[0]);
  }
  return maps;
}

// Two float outputs [1, n, 4] and [1, n, classes + 1] over maps of 3, 6, 6, ... boxes a cell: TensorFlow's detectors
// exported without post-processing, with or without the sigmoid or softmax of their scores.
std::string recognise_raw_detector(GraphReading& model) {
  Network& network = model.graph.network;
  if (network.outputs.size() != 2) return {};
  TensorId boxes = network.outputs[0], scores = network.outputs[1];
  if (network.tensor(boxes).shape.rank() != 3 || network.tensor(scores).shape.rank() != 3) return {};
  const auto is_probability = [&](TensorId id) { return row_kind(network, id) == RowKind::probabilities; };
  // Three classes and background look like boxes, but for a sigmoid, a softmax or the names that TensorFlow gives.
  const auto holds_scores = [&](TensorId id) {
    return is_probability(id) || network.tensor(id).name.find("class_predictions") != std::string::npos;
  };
  const bool both_four = network.tensor(boxes).shape[2] == 4 && network.tensor(scores).shape[2] == 4;
  if (both_four && holds_scores(boxes) == holds_scores(scores)) {
    model.decisions.push_back({"task", "features: of the two outputs " + to_string(network.tensor(boxes).shape) +
                                           " nothing tells which are boxes and which the scores of three classes"});
    return {};
  }
  if (both_four ? holds_scores(boxes) : network.tensor(boxes).shape[2] != 4) std::swap(boxes, scores);
  const Shape &box_shape = network.tensor(boxes).shape, &score_shape = network.tensor(scores).shape;
  if (box_shape[2] != 4 || score_shape[1] != box_shape[1] || score_shape[2] < 2) return {};
  const std::vector<TensorId> maps = box_maps(network, boxes);
  std::int64_t anchors = 0;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const Shape& map = network.tensor(maps[i]).shape;
    if (map[3] != (i == 0 ? 3 : 6) * 4) return {};
    anchors += map[1] * map[2] * map[3] / 4;
  }
  if (maps.empty() || anchors != box_shape[1]) return {};
  DetectionSpec& spec = model.spec.detection;
  spec.classes = static_cast<int>(score_shape[2]) - 1;
  spec.anchor_shapes = multiple_grid_shapes(static_cast<int>(maps.size()));
  spec.anchor_unit = AnchorUnit::shorter_side;
  spec.score_function = is_probability(scores) ? ScoreFunction::identity : ScoreFunction::sigmoid;
  network.boxes = boxes;
  network.scores = scores;
  network.anchor_maps = maps;
  return "detector, because the outputs are raw boxes " + to_string(box_shape) + " and scores " +
         to_string(score_shape) + " over maps of 3 and 6 boxes a cell: TensorFlow's anchors, " +
         (spec.score_function == ScoreFunction::identity ? "probabilities as they are" : "sigmoid scores");
}

}  // namespace

Result<std::string> recognise_detector(GraphReading& model) {
  Network& network = model.graph.network;
  for (const Node& node : network.nodes) {
    const auto* op = std::get_if<DetectionPostProcessOp>(&node.op);
    if (op == nullptr) continue;
    const Tensor& anchors = network.tensor(node.inputs[2]);
    MOBILENET_TRY(model.anchors, stored_anchors(anchors, model.graph.parameters.of(anchors)));
    model.spec.detection = op->spec;
    network.boxes = node.inputs[0];
    network.scores = node.inputs[1];
    return "detector of " + std::to_string(op->spec.classes) +
           " classes, because the graph ends in detections; their " + "anchors and options are the file's";
  }
  return recognise_raw_detector(model);
}

}  // namespace mobilenet::tflite
