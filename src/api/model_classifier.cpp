// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Model::with_classifier: the same backbone, another last layer.

#include <mobilenet/model.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "api/model_state.h"
#include "base/caught.h"
#include "base/error.h"
#include "formats/labels/labels.h"

namespace mobilenet {
namespace {

// Channels of layer "pool", which the classifier reads.
Result<std::int64_t> pooled_channels(const LoadedModel& loaded, const ModelInfo& info) {
  if (loaded.format == kBuiltFormat)
    return failure(ErrorCode::unsupported, info.source, ": was made by a NetworkBuilder, which gives it any head");
  if (loaded.weights.empty())
    return failure(ErrorCode::unsupported, info.source, ": is a graph file (", loaded.format,
                   "), whose last layer cannot be replaced; a model of weights only (.safetensors) is wanted");
  if (info.task == Task::detect || info.task == Task::segment)
    return failure(ErrorCode::unsupported, info.source, ": is a ", info.task == Task::detect ? "detector" : "segmenter",
                   "; a classifier or a feature extractor is wanted");
  const auto channels_of = [&](std::string_view name) -> std::int64_t {
    const auto layer =
        std::find_if(info.layers.begin(), info.layers.end(), [&](const LayerInfo& one) { return one.name == name; });
    return layer == info.layers.end() ? 0 : layer->channels;
  };
  if (const std::int64_t pooled = channels_of("pool"); pooled > 0) return pooled;
  return failure(ErrorCode::unsupported, info.source, ": has no pooled features that a classifier could read");
}

// Floats of the caller, copied, as the constant of that name.
void replace_weight(const std::string& name, std::span<const float> values, const Shape& shape, WeightLayout layout,
                    ModelGraph& graph, WeightIndex& weights) {
  const auto copy = std::make_shared<std::vector<float>>(values.begin(), values.end());
  graph.parameters.owners.push_back(copy);
  weights[name] = static_cast<int>(graph.parameters.values.size());
  graph.parameters.values.push_back({name, DataType::f32, shape, layout, std::as_bytes(std::span(*copy))});
}

}  // namespace

Result<Model> Model::with_classifier(std::span<const float> weight, std::span<const float> bias,
                                     std::vector<std::string> labels) const try {
  const ModelInfo& from = info();
  MOBILENET_TRY(const std::int64_t channels, pooled_channels(state_->loaded, from));
  const auto classes = static_cast<std::int64_t>(bias.size());
  if (classes < 2 || static_cast<std::int64_t>(weight.size()) != classes * channels)
    return failure(ErrorCode::invalid_argument, from.source, ": a classifier of ", classes, " biases and ",
                   weight.size(), " weights, expected 2 classes or more with ", channels, " weights each");
  for (const std::span<const float> values : {weight, bias})
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
      return failure(ErrorCode::invalid_argument, from.source, ": the classifier has a weight that is not finite");
  LoadedModel model = state_->loaded;
  ModelSpec& spec = model.spec;
  spec.classes = static_cast<int>(classes);
  spec.has_background = false;
  spec.class_scores = ScoreFunction::softmax;
  spec.labels.clear();
  std::erase_if(model.decisions, [](const Decision& decision) {
    return decision.what.starts_with("labels") || decision.what == "background" || decision.what == "scores";
  });
  if (!labels.empty()) {
    auto named = set_labels(label_source("with_classifier()", std::move(labels)), spec, model.decisions);
    if (!named) return at(from.source, std::move(named).error());
  }
  ModelGraph graph;
  graph.parameters = state_->loaded.parameters();
  std::erase_if(model.weights, [](const auto& entry) { return entry.first.starts_with("logits."); });
  replace_weight("logits.weight", weight, {classes, channels}, WeightLayout::oi, graph, model.weights);
  replace_weight("logits.bias", bias, {classes}, WeightLayout::none, graph, model.weights);
  auto network = build_network(spec, graph.parameters, model.weights);
  if (!network) return at(from.source, std::move(network).error());
  graph.network = *std::move(network);
  model.graph = std::make_shared<const ModelGraph>(std::move(graph));
  MOBILENET_TRY(auto made, ModelState::make(std::move(model), from.source + " + own classifier", {}));
  return Model(std::move(made));
} catch (...) {
  return caught(info().source);
}

}  // namespace mobilenet
