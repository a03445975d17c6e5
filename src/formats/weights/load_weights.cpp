// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/load_weights.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "formats/labels/labels.h"
#include "formats/weights/name_weights.h"
#include "models/registry.h"

namespace mobilenet {
namespace {

constexpr std::string_view kScale = "_scale";

// "Hugging Face's, timm's or mobilenet.cpp's"
std::string names_of_conventions() {
  const auto all = conventions();
  std::string names;
  for (const Convention* convention : all)
    names += text(names.empty() ? "" : convention == all.back() ? " or " : ", ", convention->name, "'s");
  return names;
}

// What a file is that is none of ours, and what to do.
Error unknown_weights(const NamedTensors& file) {
  if (file.tensors.empty()) return failure(ErrorCode::bad_format, "has no tensors");
  if (any_name(file, [](std::string_view name) { return text(".", name).find(".features.0.0.") != std::string::npos; }))
    return failure(ErrorCode::unsupported,
                   "has torchvision's tensor names, which are not supported; use the file of the same network from "
                   "timm or Hugging Face");
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, file.tensors.size()); ++i)
    names += (i == 0 ? "" : ", ") + file.tensors[i].saved_as;
  return failure(ErrorCode::unsupported, "is not recognised as a MobileNet by its tensor names (",
                 names_of_conventions(), "); it has ", file.tensors.size(), " tensors: ", names, ", ...");
}

struct Recognised {
  const Convention* convention = nullptr;
  Recognition recognition;
};

Result<Recognised> recognise(const NamedTensors& file) {
  for (const Convention* convention : conventions()) {
    MOBILENET_TRY(auto recognition, convention->recognise(file));
    if (recognition) return Recognised{convention, *std::move(recognition)};
  }
  return unknown_weights(file);
}

// A text file beside the model is what a person put there, so it goes before the names of the configuration.
void decide_labels(WeightsReading& reading, const std::filesystem::path& path) {
  std::vector<LabelSource> sources = labels_beside(path);
  if (!reading.labels.empty()) sources.push_back(label_source(reading.labels_place, std::move(reading.labels)));
  decide_labels(sources, reading.spec, reading.decisions);
}

void note_numbers(WeightsReading& reading) {
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

}  // namespace

Result<LoadedModel> load_weights(std::string_view container, NamedTensors tensors, const std::filesystem::path& path) {
  MOBILENET_TRY(Unwrapped unwrapped, unwrap(std::move(tensors)));
  MOBILENET_TRY(Recognised recognised, recognise(unwrapped.network));
  const Convention& convention = *recognised.convention;
  MOBILENET_TRY(NamedWeights weights, name_weights(convention, std::move(recognised.recognition), unwrapped));
  MOBILENET_TRY(WeightsReading reading, convention.read(unwrapped.network, weights, path));
  reading.decisions.insert(reading.decisions.end(), unwrapped.decisions.begin(), unwrapped.decisions.end());
  if (weights.recognition.architecture != Architecture::graph) note_numbers(reading);
  decide_labels(reading, path);
  MOBILENET_TRY(Network network, build_network(reading.spec, weights.parameters, weights.index));
  MOBILENET_CHECK(check_unused(weights, network));
  LoadedModel model;
  model.path = path;
  model.format = text(container, " (", convention.name, ")");
  model.spec = std::move(reading.spec);
  for (auto& owner : unwrapped.network.owners) weights.parameters.owners.push_back(std::move(owner));
  model.graph = std::make_shared<const ModelGraph>(ModelGraph{std::move(network), std::move(weights.parameters)});
  model.weights = std::move(weights.index);
  model.decisions = std::move(reading.decisions);
  return model;
}

}  // namespace mobilenet
