// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/decisions.h"

#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "formats/labels.h"
#include "formats/tflite/answer_task.h"
#include "formats/tflite/metadata.h"
#include "formats/tflite/picture_decisions.h"

namespace mobilenet::tflite {
namespace {

constexpr int kBackgroundClasses = 1001;  // ImageNet's 1000 and a background row in front, TensorFlow's habit
constexpr std::string_view kMetadataName = "TFLITE_METADATA";

const Tensor& tensor(const Network& network, TensorId id) { return network.tensors[static_cast<std::size_t>(id)]; }

// Rows of a classifier, 0 for anything else: one output whose only axis longer than 1 is the last, made by a softmax, a
// sigmoid, or a layer of weights without an activation. A pooled map is a feature, not a class.
int classifier_rows(const Network& network) {
  if (network.outputs.size() != 1) return 0;
  const Shape& shape = tensor(network, network.outputs[0]).shape;
  if (shape.rank() == 0) return 0;
  const std::int64_t rows = shape[shape.rank() - 1];
  if (shape.elements() != rows || rows > std::numeric_limits<int>::max()) return 0;

  constexpr int kMaxSteps = 8;  // reshapes and changes of type between the scores and the output
  TensorId id = network.outputs[0];
  for (int step = 0; step < kMaxSteps; ++step) {
    const Node* node = network.producer(id);
    if (node == nullptr) return 0;
    if (std::holds_alternative<SoftmaxOp>(node->op)) return static_cast<int>(rows);
    if (const auto* op = std::get_if<ActivationOp>(&node->op))
      return op->activation == Activation::sigmoid ? static_cast<int>(rows) : 0;
    const bool weights =
        (std::holds_alternative<DenseOp>(node->op) && std::get<DenseOp>(node->op).activation == Activation::none) ||
        (std::holds_alternative<Conv2dOp>(node->op) && std::get<Conv2dOp>(node->op).activation == Activation::none);
    if (weights) return rows > 1 ? static_cast<int>(rows) : 0;
    if (!std::holds_alternative<QuantizeOp>(node->op) && !std::holds_alternative<ReshapeOp>(node->op)) return 0;
    id = node->inputs[0];
  }
  return 0;
}

bool ends_with_txt(const std::string& name) { return name.ends_with(".txt"); }

// The packed file that holds the labels: the one that metadata names, else the only text file.
std::optional<PackedFile> packed_labels(std::span<const std::byte> file, const std::optional<ModelMetadata>& metadata) {
  std::vector<PackedFile> files = packed_files(file);
  if (metadata && !metadata->labels_file.empty())
    for (PackedFile& packed : files)
      if (packed.name == metadata->labels_file) return std::move(packed);
  std::erase_if(files, [](const PackedFile& packed) { return !ends_with_txt(packed.name); });
  if (files.size() != 1) return std::nullopt;
  return std::move(files[0]);
}

bool is_background(const std::string& label) { return label == "background" || label == "???"; }

void decide_labels(const SourceFile& source, const ModelFile& file, const std::optional<ModelMetadata>& metadata,
                   LoadedModel& model) {
  ModelSpec& spec = model.spec;
  const std::size_t classes = static_cast<std::size_t>(spec.classes);
  std::optional<FoundLabels> found;
  if (auto packed = packed_labels(file.bytes(), metadata)) {
    std::vector<std::string> labels = parse_labels(packed->text);
    const std::size_t lines = labels.size();
    if (spec.has_background && lines + 1 == classes) labels.insert(labels.begin(), "background");
    if (lines == classes + 1 && is_background(labels[0])) labels.erase(labels.begin());
    if (labels.size() == classes)
      found = FoundLabels{std::move(labels), text(packed->name, " inside the file has ", lines, " lines")};
    else
      model.decisions.push_back({"labels", text(packed->name, " inside the file is ignored, because it has ", lines,
                                                " lines for ", classes, " classes")});
  }
  if (!found && !source.path.empty()) found = labels_beside(source.path, spec.classes, spec.has_background);
  if (!found) found = built_in_labels(spec.classes);
  if (!found) {
    model.decisions.push_back({"labels", text("none: nothing inside or beside the file has ", classes, " lines")});
    return;
  }
  spec.labels = std::move(found->labels);
  model.decisions.push_back({"labels", std::move(found->why)});
  if (!spec.has_background && !spec.labels.empty() && is_background(spec.labels[0])) {
    spec.has_background = true;
    model.decisions.push_back({"background", text("row 0, because its label is ", spec.labels[0])});
  }
}

// Detectors name their classes without background, segmenters every channel.
void decide_answer_labels(const SourceFile& source, const ModelFile& file, const std::optional<ModelMetadata>& metadata,
                          LoadedModel& model) {
  ModelSpec& spec = model.spec;
  const bool detects = spec.detection.classes > 0;
  const int classes = detects ? spec.detection.classes : spec.segmentation.classes;
  std::optional<FoundLabels> found;
  if (auto packed = packed_labels(file.bytes(), metadata)) {
    std::vector<std::string> labels = parse_labels(packed->text);
    const std::size_t lines = labels.size();
    if (detects && lines == static_cast<std::size_t>(classes) + 1 && is_background(labels[0]))
      labels.erase(labels.begin());
    if (labels.size() == static_cast<std::size_t>(classes))
      found = FoundLabels{std::move(labels), text(packed->name, " inside the file has ", lines, " lines")};
  }
  if (!found && !source.path.empty()) found = labels_beside(source.path, classes, !detects);
  if (!found) found = detects ? built_in_detection_labels(classes) : built_in_segmentation_labels(classes);
  if (!found) {
    model.decisions.push_back({"labels", text("none: nothing inside or beside the file has ", classes, " lines")});
    return;
  }
  spec.labels = std::move(found->labels);
  model.decisions.push_back({"labels", std::move(found->why)});
}

}  // namespace

Result<void> decide_task(LoadedModel& model) {
  ModelSpec& spec = model.spec;
  const Shape& input = tensor(model.network, model.network.inputs[0]).shape;
  if (input.rank() == 4) {
    spec.input_height = static_cast<int>(input[1]);
    spec.input_width = static_cast<int>(input[2]);
  }
  MOBILENET_TRY(std::string why, recognise_detector(model));
  if (why.empty()) why = recognise_segmenter(model);
  if (!why.empty()) {
    model.decisions.push_back({"task", std::move(why)});
    return {};
  }
  spec.classes = classifier_rows(model.network);
  spec.has_background = spec.classes == kBackgroundClasses;
  const Shape& output = tensor(model.network, model.network.outputs[0]).shape;
  model.decisions.push_back({"task", spec.classes > 0
                                         ? text("classifier, because the only output is ", to_string(output), " scores")
                                         : text("features, because the output is no row of scores")});
  if (spec.has_background)
    model.decisions.push_back({"background", "row 0, because TensorFlow's ImageNet networks have 1001 classes"});
  return {};
}

Result<void> decide_preprocess_and_labels(const SourceFile& source, const ModelFile& file, LoadedModel& model) {
  std::optional<ModelMetadata> metadata;
  if (const auto bytes = file.metadata(kMetadataName); bytes && !bytes->empty()) {
    metadata = parse_metadata(*bytes);
    if (!metadata) model.decisions.push_back({"metadata", "ignored, because it is damaged"});
  }
  // Other names would be guesses where the right ones were lost.
  if (metadata && lost_packed_file(file.bytes(), metadata->labels_file))
    return failure(ErrorCode::bad_format, "its end is cut off or damaged: ", metadata->labels_file,
                   ", which is packed there, cannot be read");
  decide_picture_input(metadata, model);
  if (model.spec.classes > 0) decide_labels(source, file, metadata, model);
  if (model.spec.detection.classes > 0 || model.spec.segmentation.classes > 0)
    decide_answer_labels(source, file, metadata, model);
  return {};
}

}  // namespace mobilenet::tflite
