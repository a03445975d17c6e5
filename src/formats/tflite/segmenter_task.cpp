// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Graphs that say something of every pixel, recognised from their end: a best class, probabilities, or the scores that
// a convolution leaves.

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "formats/tflite/answer_task.h"
#include "models/row_kind.h"
#include "network/picture_axes.h"
#include "spec/limits.h"

namespace mobilenet::tflite {
namespace {

constexpr std::array<int, 4> kToPlanes{0, 3, 1, 2};

// What follows the scores of a map's cells up to an output of the graph.
struct Ending {
  TensorId logits = kNoTensor;  // [pictures, rows, columns, channels]
  Shape cells;                  // the same where the graph ends
  bool best_class = false, softmax = false, sigmoid = false;
  const ResizeBilinearOp* enlarge = nullptr;
  std::string name;  // of the output
};

bool is_sigmoid(const Op& op) {
  const auto* activation = std::get_if<ActivationOp>(&op);
  return activation != nullptr && activation->activation == Activation::sigmoid;
}

// Changes of size and, after them, of type do not change which class is largest at a cell. A change of type before them
// does not either, but decides whether the enlarged scores are rounded to integers. The softmax of integers is rounded,
// so it may change the largest.
bool passes(const Network& network, const Node& node, TensorId output, Ending& end) {
  const Shape &from = network.tensor(node.inputs[0]).shape, &to = network.tensor(output).shape;
  const bool activated = end.softmax || end.sigmoid;
  if (const auto* resize = std::get_if<ResizeBilinearOp>(&node.op)) {
    const bool changes_size = !(from == to);
    if (changes_size && end.enlarge != nullptr) return false;
    if (changes_size) end.enlarge = resize;
    return true;
  }
  if (end.enlarge != nullptr) return false;
  if (std::holds_alternative<QuantizeOp>(node.op)) return true;
  // Pixels in one row, or [rows, columns, channels]: cells stay in their order.
  if (std::holds_alternative<ReshapeOp>(node.op))
    return !end.best_class && from.rank() == 4 && from[0] == stored_batch(network) && to.rank() > 1 &&
           to[to.rank() - 1] == from[3];
  // From planes of classes back to pixels.
  if (const auto* transpose = std::get_if<TransposeOp>(&node.op))
    return !end.best_class && from.rank() == 4 && std::ranges::equal(kToPlanes, std::span(transpose->order).first(4));
  if (network.tensor(output).type != DataType::f32 || activated) return false;
  end.softmax = std::holds_alternative<SoftmaxOp>(node.op);
  end.sigmoid = is_sigmoid(node.op);
  return end.softmax || end.sigmoid;
}

Ending ending_of(const Network& network, TensorId output) {
  Ending end;
  end.name = network.tensor(output).name;
  TensorId id = output;
  // Indices of classes may have axes of one more or less, and another type.
  const Node* node = network.producer(id);
  while (node != nullptr && (std::holds_alternative<ReshapeOp>(node->op) || std::holds_alternative<CastOp>(node->op)))
    node = network.producer(node->inputs[0]);
  if (node != nullptr && std::holds_alternative<ArgMaxOp>(node->op)) {
    end.best_class = true;
    id = node->inputs[0];
  }
  for (;;) {
    node = network.producer(id);
    const bool turned = node != nullptr && std::holds_alternative<TransposeOp>(node->op);
    if (end.cells.rank() != 4 && !turned) end.cells = network.tensor(id).shape;
    if (node == nullptr || !passes(network, *node, id, end)) break;
    id = node->inputs[0];
  }
  end.logits = id;
  return end;
}

bool contains(const std::string& name, std::string_view part) { return name.find(part) != std::string::npos; }

enum class Sureness { none, guess, sure };

// Whether this ending is a mask's. Two channels or more, but for the one of a sigmoid: how probable it is that a pixel
// belongs to something.
Sureness sureness(const Network& network, const Ending& end, const PictureAxes& axes) {
  const Shape& input = network.tensor(network.inputs[0]).shape;
  const Shape& logits = network.tensor(end.logits).shape;
  if (logits.rank() != 4 || end.cells.rank() != 4 || logits[1] * logits[2] == 1 || logits[3] > kMostMaskClasses)
    return Sureness::none;
  const bool alone = logits[3] < 2;
  if (end.best_class) return alone ? Sureness::none : Sureness::sure;
  if (logits[1] == 1 || logits[2] == 1) return Sureness::none;  // rows of numbers
  const RowKind kind = row_kind(network, end.logits);
  const bool of_pixels = end.cells[1] == input[axes.height] && end.cells[2] == input[axes.width];
  // Three channels may be colours: a network that makes pictures.
  const bool colours = logits[3] == 3;
  const bool probable = end.softmax || end.sigmoid || kind == RowKind::probabilities;
  if (of_pixels && (end.softmax || (end.enlarge != nullptr && !alone))) return Sureness::sure;
  if (of_pixels && probable) return alone || colours ? Sureness::guess : Sureness::sure;
  if (of_pixels && kind == RowKind::logits && !alone) return colours ? Sureness::guess : Sureness::sure;
  if (end.softmax && !alone) return Sureness::guess;
  const bool named =
      contains(end.name, "semantic") || contains(end.name, "segment") || (contains(end.name, "logits") && !alone);
  return named && (probable || kind == RowKind::logits) ? Sureness::guess : Sureness::none;
}

// The output that says something of every pixel, and how sure that is; of several the only best class, else the only
// one that is as sure.
std::pair<std::optional<Ending>, Sureness> mask_ending(const Network& network, const PictureAxes& axes) {
  std::optional<Ending> best;
  Sureness most = Sureness::none;
  bool tied = false;
  for (const TensorId output : network.outputs) {
    Ending end = ending_of(network, output);
    const Sureness sure = sureness(network, end, axes);
    if (sure == Sureness::none) continue;
    const bool better = !best || sure > most || (sure == most && end.best_class && !best->best_class);
    const bool equal = best && sure == most && end.best_class == best->best_class;
    if (better) best = std::move(end);
    if (better) most = sure;
    tied = equal || (tied && !better);
  }
  if (tied) return {std::nullopt, Sureness::none};
  return {std::move(best), most};
}

}  // namespace

Decision recognise_segmenter(GraphReading& model) {
  Network& network = model.graph.network;
  const auto axes = picture_axes(network);
  if (!axes) return {};
  const auto [end, sure] = mask_ending(network, *axes);
  if (!end) return {};
  const std::int64_t channels = network.tensor(end->logits).shape[3];
  SegmentationSpec& spec = model.spec.segmentation;
  spec.classes = channels == 1 ? 2 : static_cast<int>(channels);
  if (end->enlarge != nullptr) spec.enlargement = end->enlarge->enlargement;
  spec.score_function = row_kind(network, end->logits) == RowKind::probabilities ? ScoreFunction::identity
                        : end->sigmoid || channels == 1                          ? ScoreFunction::sigmoid
                                                                                 : ScoreFunction::softmax;
  network.mask_logits = end->logits;
  std::string why = text("segmenter of ", spec.classes, " classes, because ");
  why += network.outputs.size() == 1 ? "the graph ends in "
                                     : end->name + " of " + text(network.outputs.size()) + " outputs is ";
  why += end->best_class ? "the best class" : channels == 1 ? "a probability" : "a score for every class";
  why += " of every pixel";
  return {"task", std::move(why), sure == Sureness::guess};
}

}  // namespace mobilenet::tflite
