// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// From a safetensors file to a model: whose names, which structure, which conventions, which labels, then the network.

#include <algorithm>

#include "base/error.h"
#include "base/file_bytes.h"
#include "formats/formats.h"
#include "formats/json/json_fields.h"
#include "formats/json/model_spec_json.h"
#include "formats/labels/labels.h"
#include "formats/weights/convention.h"

namespace mobilenet {
namespace {

constexpr std::string_view kScale = "_scale";

std::string format_of(WeightSource source) {
  switch (source) {
    case WeightSource::mobilenet_cpp:
      return "safetensors (mobilenet.cpp)";
    case WeightSource::hugging_face:
      return "safetensors (Hugging Face)";
    case WeightSource::timm:
      return "safetensors (timm)";
    case WeightSource::ncnn_ssdlite:
      return "safetensors (ncnn)";
  }
  return "safetensors";
}

Result<SourceReading> read_own(const SafetensorsContainer& container) {
  const auto text = container.metadata.find("model_spec");
  if (text == container.metadata.end())
    return failure(ErrorCode::bad_format, "says that it is mobilenet.cpp's own, but its metadata has no model_spec");
  SourceReading reading;
  MOBILENET_TRY(reading.spec, model_spec_from_json(text->second));
  reading.decisions.push_back({"everything but the weights", "stored in the file by mobilenet.cpp"});
  return reading;
}

Result<SourceReading> read_source(const SafetensorsContainer& container, NamedWeights& weights,
                                  const std::filesystem::path& path) {
  switch (weights.source) {
    case WeightSource::mobilenet_cpp:
      return read_own(container);
    case WeightSource::hugging_face:
      return read_hugging_face(weights, path);
    case WeightSource::timm:
      return read_timm(weights, path);
    case WeightSource::ncnn_ssdlite:
      return read_ncnn_ssdlite(weights);
  }
  return failure(ErrorCode::unsupported, "is of an unknown source");
}

// A text file beside the model is what a person put there, so it goes before the names of the configuration.
void decide_labels(SourceReading& reading, const std::filesystem::path& path) {
  std::vector<LabelSource> sources = labels_beside(path);
  if (!reading.labels.empty()) sources.push_back(label_source(reading.labels_place, std::move(reading.labels)));
  decide_labels(sources, reading.spec, reading.decisions);
}

void note_numbers(SourceReading& reading) {
  const ModelSpec& spec = reading.spec;
  if (spec.depth_multiplier > 0)
    reading.decisions.push_back(
        {text("depth multiplier ", spec.depth_multiplier), "it gives the channels that the blocks have"});
  if (spec.detection.classes > 0)
    reading.decisions.push_back({"a detector of " + std::to_string(spec.detection.classes) + " classes",
                                 "the class predictors have as many columns, and one for background"});
  else if (spec.segmentation.classes > 0)
    reading.decisions.push_back({"a segmenter of " + std::to_string(spec.segmentation.classes) + " classes",
                                 "the last convolution has as many channels"});
  else if (spec.classes > 0)
    reading.decisions.push_back({std::to_string(spec.classes) + (spec.classes == 1 ? " class" : " classes"),
                                 "the classifier has as many rows"});
  else
    reading.decisions.push_back({"a feature extractor", "the file has no classifier"});
}

// Every tensor must have its place in the network.
Result<void> check_unused(const NamedWeights& weights, const Network& network) {
  std::vector<bool> used(weights.parameters.values.size(), false);
  for (const Tensor& tensor : network.tensors)
    if (tensor.is_constant()) used[static_cast<std::size_t>(tensor.parameter)] = true;
  // The scales of integers are part of their weight's tensor.
  for (const auto& [name, index] : weights.index)
    if (name.ends_with(kScale)) {
      const auto weight = weights.index.find(name.substr(0, name.size() - kScale.size()));
      if (weight == weights.index.end()) continue;
      const auto place = static_cast<std::size_t>(weight->second);
      used[static_cast<std::size_t>(index)] = used[place] && weights.parameters.values[place].type == DataType::i8;
    }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused == used.end()) return {};
  const Parameter& parameter = weights.parameters.value(static_cast<int>(unused - used.begin()));
  return failure(ErrorCode::bad_format, parameter.name, ": ", to_string(parameter.shape),
                 " has no place in the network that the other tensors make");
}

Result<LoadedModel> load(const SourceFile& file) {
  MOBILENET_TRY(const SafetensorsContainer container, parse_safetensors(file.bytes));
  MOBILENET_TRY(NamedWeights weights, name_weights(container));
  MOBILENET_TRY(SourceReading reading, read_source(container, weights, file.path));
  if (weights.source != WeightSource::mobilenet_cpp) note_numbers(reading);
  decide_labels(reading, file.path);
  MOBILENET_TRY(Network network, build_network(reading.spec, weights.parameters, weights.index));
  MOBILENET_CHECK(check_unused(weights, network));
  LoadedModel model;
  model.format = format_of(weights.source);
  model.spec = std::move(reading.spec);
  weights.parameters.owners.push_back(file.owner);
  model.graph = std::make_shared<const ModelGraph>(ModelGraph{std::move(network), std::move(weights.parameters)});
  model.weights = std::move(weights.index);
  model.decisions = std::move(reading.decisions);
  return model;
}

}  // namespace

Result<std::optional<JsonValue>> json_beside(const std::filesystem::path& model, const std::string& name) {
  std::optional<JsonValue> nothing;
  if (model.empty()) return nothing;
  auto file = FileBytes::read(model.parent_path() / name, {.max_bytes = kMaxTextBytes});
  if (!file) {
    if (file.error().code == ErrorCode::not_found) return nothing;
    return std::move(file).error();
  }
  const std::span<const std::byte> bytes = (*file)->bytes();
  auto parsed = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!parsed) return at(name + " beside the file", std::move(parsed).error());
  return std::optional<JsonValue>(*std::move(parsed));
}

Result<LoadedModel> load_safetensors(const SourceFile& file) {
  auto model = load(file);
  if (!model) return at(file.name, std::move(model).error());
  return model;
}

}  // namespace mobilenet
