// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Hugging Face transformers: config.json, and what follows from it.

#include <sstream>

#include "base/error.h"
#include "formats/json/json_fields.h"
#include "formats/weights/convention.h"
#include "formats/weights/structure.h"
#include "models/registry.h"

namespace mobilenet {
namespace {

using json = JsonValue;

constexpr int kMostPixels = 1 << 14;

struct Config {
  bool found = false;
  bool tf_padding = true;
  double epsilon = 1e-3;
  int output_stride = 32;
  int image_size = 224;
  double depth_multiplier = 0;
  BlockActivation activation = BlockActivation::relu6;
  std::string problem_type;  // empty: not said
  std::vector<std::string> labels;
};

// {"0": "background", "1": "tench"}: complete, or nothing. "LABEL_7" stands for a class without a name.
std::vector<std::string> labels_of(const json* id2label) {
  std::vector<std::string> labels;
  if (!id2label) return labels;
  bool named = false;
  for (std::size_t i = 0; i < id2label->size(); ++i) {
    const json* label = id2label->find(std::to_string(i));
    if (!label || !label->is_string()) return {};
    labels.push_back(label->get<std::string>());
    named = named || labels.back() != "LABEL_" + std::to_string(i);
  }
  return named ? labels : std::vector<std::string>();
}

Result<Config> read_config(const NamedWeights& weights, const std::filesystem::path& model,
                           std::vector<Decision>& decisions) {
  Config config;
  MOBILENET_TRY(const auto file, json_beside(model, "config.json"));
  if (!file) return config;
  JsonFields fields(*file, "config.json");
  const std::string expected(name_of(backbone_of(weights.architecture).architecture));
  const std::string type = fields.text("model_type", expected);
  MOBILENET_CHECK(fields.mistake());
  if (type != expected) {
    decisions.push_back(
        {"config.json is not used", "it is for " + describe(type) + ", the tensors are those of " + expected});
    return config;
  }
  config.found = true;
  config.tf_padding = fields.boolean("tf_padding", true);
  config.epsilon = fields.number("layer_norm_eps", 1e-12, 1, 1e-3);
  config.image_size = fields.integer("image_size", 1, kMostPixels, 224);
  config.depth_multiplier = fields.number("depth_multiplier", 0, 100, 1);
  if (backbone_of(weights.architecture).blocks == BlockKind::inverted_residual)
    config.output_stride = fields.integer("output_stride", 8, 32, 32);
  if (config.output_stride % 8 != 0 || config.output_stride == 24)
    fields.remember("output_stride", std::to_string(config.output_stride), "8, 16 or 32");
  const std::string activation = fields.text("hidden_act", "relu6");
  config.problem_type = fields.text("problem_type", "");
  config.labels = labels_of(fields.object("id2label"));
  MOBILENET_CHECK(fields.mistake());
  if (activation != "relu6" && activation != "relu")
    return failure(ErrorCode::unsupported, "config.json: hidden_act is ", describe(activation),
                   ", supported are relu6 and relu");
  if (activation == "relu") config.activation = BlockActivation::relu;
  return config;
}

// As the image-classification pipeline of transformers decides.
void decide_scores(const std::string& problem_type, ModelSpec& spec, std::vector<Decision>& decisions) {
  const std::string said = "problem_type in config.json is " + problem_type;
  if (problem_type == "regression") {
    spec.class_scores.reset();
    decisions.push_back({"features, not classes", said});
  } else if (problem_type == "multi_label_classification") {
    spec.class_scores = ScoreFunction::sigmoid;
    decisions.push_back({"scores are sigmoids", said});
  } else if (spec.classes == 1) {
    spec.class_scores = ScoreFunction::sigmoid;
    decisions.push_back({"the score is a sigmoid", "there is one class"});
  }
}

}  // namespace

Result<SourceReading> read_hugging_face(const NamedWeights& weights, const std::filesystem::path& model) {
  SourceReading reading;
  std::vector<Decision>& decisions = reading.decisions;
  decisions.push_back({text("architecture ", title_of(weights.architecture)),
                       "the tensors are named as Hugging Face transformers names them"});
  MOBILENET_TRY(Config config, read_config(weights, model, decisions));
  const bool segments = row_of(weights.architecture).head == Head::segmenter;
  // All published DeepLabs are of stride 8 and 513 pixels; the configuration's own defaults are a classifier's.
  if (segments && !config.found) config.output_stride = 8, config.image_size = 513;
  MOBILENET_TRY(reading.spec, structure_of(weights, config.output_stride));
  ModelSpec& spec = reading.spec;
  spec.input_name = "pixel_values";
  spec.layout = SourceLayout::nchw;
  spec.tf_padding = config.tf_padding;
  spec.epsilon = config.epsilon;
  spec.activation = config.activation;
  const std::string why =
      config.found ? "as config.json beside the file says" : "the default of Hugging Face's MobileNet configuration";
  decisions.push_back({spec.tf_padding ? "TensorFlow's SAME padding" : "symmetric padding", why});
  decisions.push_back({text("batch norm epsilon ", spec.epsilon), why});
  if (config.output_stride != 32)
    decisions.push_back({"output stride " + std::to_string(config.output_stride),
                         std::string(config.found ? "config.json says so" : "as in every published DeepLab") +
                             "; strides after it became dilations"});
  if (segments) {
    spec.segmentation.half_pixel_centers = true;
    decisions.push_back({"logits are enlarged with half-pixel centres",
                         "as post_process_semantic_segmentation of Hugging Face transformers does"});
  }
  if (spec.depth_multiplier == 0) spec.depth_multiplier = config.depth_multiplier;  // unusual rounding
  MOBILENET_CHECK(read_hugging_face_preprocessor(model, config.image_size, spec, decisions));
  reading.labels = std::move(config.labels);
  reading.labels_place = "config.json beside the file (id2label)";
  if (spec.classes > 0) decide_scores(config.problem_type, spec, decisions);
  if (spec.classes > 0 && !spec.class_scores) reading.labels.clear();  // names of quantities
  return reading;
}

}  // namespace mobilenet
