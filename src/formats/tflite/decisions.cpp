// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/decisions.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "formats/labels/labels.h"
#include "formats/tflite/answer_task.h"
#include "formats/tflite/metadata.h"
#include "formats/tflite/picture_decisions.h"
#include "network/picture_axes.h"

namespace mobilenet::tflite {
namespace {

constexpr std::string_view kMetadataName = "TFLITE_METADATA";

// "0.98,1.2,-0.5" in every line: a calibration, not names.
bool holds_numbers_only(const std::string& text) {
  return text.find_first_of(".,") != std::string::npos &&
         text.find_first_not_of("0123456789.,;+-eE \t\r\n") == std::string::npos;
}

// Files inside a model: those that metadata calls labels, else the only text file that it does not call anything else.
std::vector<LabelSource> labels_inside(std::span<const std::byte> file, const ModelMetadata& metadata) {
  const std::vector<PackedFile> files = packed_files(file);
  std::vector<LabelSource> sources;
  const auto add = [&](const PackedFile& packed) {
    sources.push_back(label_source(packed.name + " inside the file", std::as_bytes(std::span(packed.text))));
  };
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : metadata.label_files)
    for (const PackedFile& packed : files)
      if (packed.name == name) add(packed);
  if (!sources.empty()) return sources;
  for (const PackedFile& packed : files)
    if (packed.name.ends_with(".txt") && !among(metadata.other_files, packed.name) && !holds_numbers_only(packed.text))
      add(packed);
  if (sources.size() > 1) sources.clear();
  return sources;
}

}  // namespace

Result<void> decide_task(GraphReading& model) {
  ModelSpec& spec = model.spec;
  const Shape& input = model.graph.network.tensor(model.graph.network.inputs[0]).shape;
  const PictureAxes axes = map_axes(input);
  if (input.rank() == 4) {
    spec.input_height = static_cast<int>(input[axes.height]);
    spec.input_width = static_cast<int>(input[axes.width]);
  }
  Decision task{"task", {}, false};
  MOBILENET_TRY(task.why, recognise_detector(model));
  if (task.why.empty()) task = recognise_segmenter(model);
  if (task.why.empty()) task = recognise_classifier(model);
  model.decisions.push_back(std::move(task));
  return {};
}

Result<void> decide_preprocess_and_labels(const SourceFile& source, const ModelFile& file, GraphReading& model) {
  std::optional<ModelMetadata> metadata;
  if (const auto bytes = file.metadata(kMetadataName); bytes && !bytes->empty()) {
    metadata = parse_metadata(*bytes);
    if (!metadata) model.decisions.push_back({"metadata", "ignored, because it is damaged"});
  }
  const ModelMetadata known = metadata.value_or(ModelMetadata());
  // Other names would be guesses where the right ones were lost.
  for (const std::string& name : known.label_files)
    if (lost_packed_file(file.bytes(), name))
      return failure(ErrorCode::bad_format, "its end is cut off or damaged: ", name,
                     ", which is packed there, cannot be read");
  decide_picture_input(metadata, model);
  if (!known.calibration_file.empty())
    model.decisions.push_back(
        {"calibration", known.calibration_file + " inside the file is not applied: scores are the network's own"});
  std::vector<LabelSource> sources = labels_inside(file.bytes(), known);
  std::ranges::move(labels_beside(source.path), std::back_inserter(sources));
  decide_labels(sources, model.spec, model.decisions);
  return {};
}

}  // namespace mobilenet::tflite
