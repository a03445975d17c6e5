// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Hugging Face transformers: its names, config.json, and what follows from it.

#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "formats/json/json_beside.h"
#include "formats/weights/convention.h"
#include "formats/weights/conventions/hugging_face_preprocessor.h"
#include "formats/weights/conventions/hugging_face_scores.h"
#include "formats/weights/renaming.h"
#include "formats/weights/structure.h"
#include "json/json_fields.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

constexpr std::string_view kClassifier = "classifier.";

constexpr std::array<Rename, 6> kParts{{{"convolution.weight", ".weight"},
                                        {"convolution.bias", ".bias"},
                                        {"normalization.weight", ".norm.gamma"},
                                        {"normalization.bias", ".norm.beta"},
                                        {"normalization.running_mean", ".norm.mean"},
                                        {"normalization.running_var", ".norm.variance"}}};
constexpr std::array<Rename, 3> kBlock{
    {{"expand_1x1", "/expand"}, {"conv_3x3", "/depthwise"}, {"reduce_1x1", "/project"}}};
constexpr std::array<Rename, 4> kHead{
    {{"conv_pool", "pool_branch"}, {"conv_aspp", "aspp"}, {"conv_projection", "projection"}, {"classifier", "logits"}}};
constexpr std::string_view kHeadPrefix = "segmentation_head.";
constexpr std::string_view kLast = "conv_1x1.";
// With the name of the backbone and, in a backbone alone, without.
constexpr std::array<std::string_view, 2> kStemV1{"mobilenet_v1.conv_stem.convolution.weight",
                                                  "conv_stem.convolution.weight"};
constexpr std::array<std::string_view, 2> kStemV2{"mobilenet_v2.conv_stem.first_conv.convolution.weight",
                                                  "conv_stem.first_conv.convolution.weight"};
constexpr std::array<std::string_view, 4> kLandmarks{kStemV1[0], kStemV1[1], kStemV2[0], kStemV2[1]};

std::optional<std::string> v1_name(std::string_view name) {
  if (take(name, "conv_stem.")) return joined("stem", renamed(kParts, name));
  if (!take(name, "layer.")) return std::nullopt;
  const int layer = take_number(name, 2 * kMostNamedBlocks);
  if (layer < 0) return std::nullopt;
  return joined((layer % 2 == 0 ? "depthwise" : "pointwise") + std::to_string(layer / 2 + 1), renamed(kParts, name));
}

// "conv_aspp.normalization.bias" of the segmentation head.
std::optional<std::string> head_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto layer = renamed(kHead, name.substr(0, dot));
  if (!layer) return std::nullopt;
  return joined(std::string(*layer), renamed(kParts, name.substr(dot + 1)));
}

std::optional<std::string> v2_name(std::string_view name) {
  if (take(name, "conv_stem.first_conv.")) return joined("stem", renamed(kParts, name));
  if (take(name, kLast)) return joined("last", renamed(kParts, name));
  std::string block = "block1";  // the rest of the module that holds the stem
  if (take(name, "layer.")) {
    const int layer = take_number(name, kMostNamedBlocks);
    if (layer < 0) return std::nullopt;
    block = "block" + std::to_string(layer + 2);
  } else if (!take(name, "conv_stem.")) {
    return std::nullopt;
  }
  const std::size_t dot = name.find('.');
  const auto convolution = renamed(kBlock, name.substr(0, dot));
  if (!convolution || dot == std::string_view::npos) return std::nullopt;
  return joined(block + std::string(*convolution), renamed(kParts, name.substr(dot + 1)));
}

bool segments(Architecture architecture) {
  switch (row_of(architecture).head) {
    case Head::classifier:
    case Head::detector:
      return false;
    case Head::segmenter:
      return true;
  }
  return false;
}

Result<std::optional<Recognition>> recognise(const NamedTensors& file) {
  const bool v1 = any_name(file, [](std::string_view name) { return name == kStemV1[0] || name == kStemV1[1]; });
  const bool v2 = any_name(file, [](std::string_view name) { return name == kStemV2[0] || name == kStemV2[1]; });
  if (!v1 && !v2) return std::optional<Recognition>();
  Recognition recognition{v2 ? Architecture::mobilenet_v2 : Architecture::mobilenet_v1, {}};
  if (v2 && any_name(file, [](std::string_view name) { return name.starts_with(kHeadPrefix); }))
    recognition.architecture = Architecture::deeplab_mobilenet_v2;
  recognition.stage_blocks = published_stages(recognition.architecture);
  return std::optional(std::move(recognition));
}

// Takes off the part before the first module, "mobilenet_v2.", which may be missing.
void take_backbone(const Recognition& recognition, std::string_view& name) {
  take(name, text(name_of(backbone_of(recognition.architecture).architecture), "."));
}

// "mobilenet_v2.layer.3.expand_1x1.convolution.weight" -> "block5/expand.weight".
std::optional<std::string> canonical_name(const Recognition& recognition, std::string_view name) {
  if (segments(recognition.architecture) && take(name, kHeadPrefix)) return head_name(name);
  if (take(name, kClassifier)) return joined("logits", renamed(kWeightParts, name));
  take_backbone(recognition, name);
  switch (backbone_of(recognition.architecture).blocks) {
    case BlockKind::separable:
      return v1_name(name);
    case BlockKind::inverted_residual:
      return v2_name(name);
  }
  return std::nullopt;
}

// A segmentation head reads the last block; the backbone's own last convolution is saved all the same.
bool ignores(const Recognition& recognition, std::string_view name) {
  if (!segments(recognition.architecture)) return false;
  take_backbone(recognition, name);
  return name.starts_with(kLast);
}

using json = JsonValue;

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

Result<Config> read_config(Architecture architecture, const std::filesystem::path& model,
                           std::vector<Decision>& decisions) {
  Config config;
  MOBILENET_TRY(const auto file, json_beside(model, "config.json"));
  if (!file) return config;
  JsonFields fields(*file, "config.json");
  const std::string expected(name_of(backbone_of(architecture).architecture));
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
  switch (backbone_of(architecture).blocks) {
    case BlockKind::separable:  // whose configuration has no stride
      break;
    case BlockKind::inverted_residual:
      config.output_stride = fields.integer("output_stride", 8, 32, 32);
      break;
  }
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

Result<WeightsReading> read(const NamedTensors&, NamedWeights& weights, const std::filesystem::path& model) {
  const Architecture architecture = weights.recognition.architecture;
  WeightsReading reading;
  std::vector<Decision>& decisions = reading.decisions;
  decisions.push_back(
      {text("architecture ", title_of(architecture)), "the tensors are named as Hugging Face transformers names them"});
  MOBILENET_TRY(Config config, read_config(architecture, model, decisions));
  // All published DeepLabs are of stride 8 and 513 pixels; the configuration's own defaults are a classifier's.
  if (segments(architecture) && !config.found) config.output_stride = 8, config.image_size = 513;
  // Converted from TensorFlow, channels and all.
  const ChannelRounding rounding = backbone_of(architecture).rounding;
  MOBILENET_TRY(reading.spec, structure_of(weights, {.output_stride = config.output_stride, .rounding = rounding}));
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
  if (segments(architecture)) {
    spec.segmentation.enlargement = Enlargement::half_pixel_centers;
    decisions.push_back({"logits are enlarged with half-pixel centres",
                         "as post_process_semantic_segmentation of Hugging Face transformers does"});
  }
  if (spec.depth_multiplier == 0) spec.depth_multiplier = config.depth_multiplier;  // unusual rounding
  MOBILENET_CHECK(read_hugging_face_preprocessor(model, config.image_size, spec, decisions));
  reading.labels = std::move(config.labels);
  reading.labels_place = "config.json beside the file (id2label)";
  if (spec.classes > 0) decide_hugging_face_scores(config.problem_type, spec, decisions);
  if (spec.classes > 0 && !spec.class_scores) reading.labels.clear();  // names of quantities
  return reading;
}

}  // namespace

const Convention kHuggingFaceConvention{"Hugging Face", recognise, canonical_name, read, kLandmarks, ignores};

}  // namespace mobilenet
