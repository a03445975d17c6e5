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

namespace {

// The output that says something about every pixel: the only one, or of several the only one that is a best class.
TensorId mask_output(const Network& network) {
  if (network.outputs.size() == 1) return network.outputs[0];
  TensorId mask = kNoTensor;
  for (const TensorId id : network.outputs) {
    const Node* node = network.producer(id);
    if (node == nullptr || !std::holds_alternative<ArgMaxOp>(node->op)) continue;
    if (mask != kNoTensor) return kNoTensor;
    mask = id;
  }
  return mask;
}

}  // namespace

std::string recognise_segmenter(GraphReading& model) {
  Network& network = model.graph.network;
  TensorId id = mask_output(network);
  if (id == kNoTensor || network.inputs.size() != 1) return {};
  const Shape &input = network.tensor(network.inputs[0]).shape, &output = network.tensor(id).shape;
  const Node* node = network.producer(id);
  const bool classes_out = node != nullptr && std::holds_alternative<ArgMaxOp>(node->op);
  if (classes_out) id = node->inputs[0];
  // A softmax over a pixel's classes does not change which is largest.
  node = network.producer(id);
  const bool probabilities_out = node != nullptr && std::holds_alternative<SoftmaxOp>(node->op);
  if (probabilities_out) id = node->inputs[0];
  // Changes of size and, after them, of type do not change which class is largest at a cell. A change of type before
  // them does not either, but decides whether the enlarged scores are rounded to integers.
  const ResizeBilinearOp* enlarge = nullptr;
  while ((node = network.producer(id)) != nullptr) {
    const Shape &from = network.tensor(node->inputs[0]).shape, &to = network.tensor(id).shape;
    if (const auto* resize = std::get_if<ResizeBilinearOp>(&node->op)) {
      const bool changes_size = !(from == to);
      if (changes_size && enlarge != nullptr) break;
      if (changes_size) enlarge = resize;
    } else if (!std::holds_alternative<QuantizeOp>(node->op) || enlarge != nullptr) {
      break;
    }
    id = node->inputs[0];
  }
  const Shape& logits = network.tensor(id).shape;
  constexpr int kMostClasses = 256;  // a mask holds bytes
  if (input.rank() != 4 || logits.rank() != 4 || logits[3] < 2 || logits[3] > kMostClasses) return {};
  if (logits[1] * logits[2] == 1) return {};  // the best class of a picture, not of its pixels
  // Without an argmax only scores for every pixel of the input count as a mask, enlarged or made probabilities for it.
  const bool scores_of_pixels = output.rank() == 4 && output[1] == input[1] && output[2] == input[2];
  if (!classes_out && ((enlarge == nullptr && !probabilities_out) || !scores_of_pixels)) return {};
  SegmentationSpec& spec = model.spec.segmentation;
  spec.classes = static_cast<int>(logits[3]);
  spec.align_corners = enlarge != nullptr && enlarge->align_corners;
  spec.half_pixel_centers = enlarge != nullptr && enlarge->half_pixel_centers;
  spec.score_function =
      row_kind(network, id) == RowKind::probabilities ? ScoreFunction::identity : ScoreFunction::softmax;
  network.mask_logits = id;
  return "segmenter of " + std::to_string(spec.classes) + " classes, because the graph ends in " +
         (classes_out ? "the best class" : "a score for every class") + " of every pixel";
}

}  // namespace mobilenet::tflite
