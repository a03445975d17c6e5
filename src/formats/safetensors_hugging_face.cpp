// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Hugging Face transformers: config.json and preprocessor_config.json.

#include <array>

#include "base/error.h"
#include "formats/json_fields.h"
#include "formats/safetensors_sources.h"
#include "formats/safetensors_structure.h"
#include "models/architectures.h"

namespace mobilenet {
namespace {

using json = JsonValue;

constexpr int kMostPixels = 1 << 14;
// The margin between the resized shorter side and the crop that all published preprocessors have: 256 for 224.
constexpr int kResizeMargin = 32;
constexpr int kResampleBilinear = 2, kResampleBicubic = 3;  // Pillow's numbers

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
  const bool v2 = backbone_of(weights.architecture) == Architecture::mobilenet_v2;
  const std::string expected = v2 ? "mobilenet_v2" : "mobilenet_v1";
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
  if (v2) config.output_stride = fields.integer("output_stride", 8, 32, 32);
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

struct Size {
  int height = 0, width = 0;
  int shortest_edge = 0;  // instead of the two
};

// {"shortest_edge": 256} or {"height": 224, "width": 224}.
Size size_from(const json& object, const std::string& place, JsonFields& parent) {
  JsonFields fields(object, place);
  Size size;
  if (fields.has("shortest_edge")) {
    size.shortest_edge = fields.integer("shortest_edge", 1, kMostPixels);
  } else {
    size.height = fields.integer("height", 1, kMostPixels);
    size.width = fields.integer("width", 1, kMostPixels);
  }
  parent.adopt(fields.mistake());
  return size;
}

// One number for all channels, or three.
std::array<float, 3> channels_from(JsonFields& fields, std::string_view key, double least) {
  constexpr double kMost = 1e6;
  std::vector<double> values(3, 0.5);
  if (fields.is_number(key))
    values.assign(3, fields.number(key, least, kMost));
  else
    values = fields.numbers(key, 3, least, kMost, values);
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

// How bytes become numbers. transformers folds the rescaling into the normalisation: (byte - mean / rescale) /
// (deviation / rescale), in float32; the spec says the same.
void read_normalization(JsonFields& fields, PreprocessSpec& preprocess) {
  const double factor = fields.number("rescale_factor", 1e-9, 1e9, 1.0 / 255);
  const bool rescale = fields.boolean("do_rescale", true);
  const bool normalize = fields.boolean("do_normalize", true);
  preprocess.mean = channels_from(fields, "image_mean", -1e6);
  preprocess.deviation = channels_from(fields, "image_std", 1e-9);
  preprocess.rescale = 1;
  if (!normalize) {
    preprocess.rescale = rescale ? static_cast<float>(factor) : 1.0f;
    preprocess.mean = {0, 0, 0};
    preprocess.deviation = {1, 1, 1};
  } else if (rescale) {
    for (float& value : preprocess.mean) value *= static_cast<float>(1 / factor);
    for (float& value : preprocess.deviation) value *= static_cast<float>(1 / factor);
  }
}

// Resize and crop; fails where the result would have no fixed size or needs a filter that is not here.
Result<void> read_geometry(JsonFields& fields, ModelSpec& spec) {
  Size size{.shortest_edge = 256}, crop{.height = 224, .width = 224};
  if (fields.is_number("size"))
    size = {.shortest_edge = fields.integer("size", 1, kMostPixels)};
  else if (const json* object = fields.object("size"))
    size = size_from(*object, "preprocessor_config.json: size", fields);
  if (fields.is_number("crop_size"))
    crop.height = crop.width = fields.integer("crop_size", 1, kMostPixels);
  else if (const json* object = fields.object("crop_size"))
    crop = size_from(*object, "preprocessor_config.json: crop_size", fields);
  const bool resizes = fields.boolean("do_resize", true);
  const bool crops = fields.boolean("do_center_crop", true);
  const int resample = fields.integer("resample", 0, 5, kResampleBilinear);
  MOBILENET_CHECK(fields.mistake());
  const auto unsupported = [](const auto&... what) {
    return failure(ErrorCode::unsupported, "preprocessor_config.json: ", what..., ", which is not supported");
  };
  if (resample != kResampleBilinear && resample != kResampleBicubic)
    return unsupported("resample is ", resample, " (2 is bilinear, 3 is bicubic)");
  if (!resizes) return unsupported("do_resize is false");
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.filter = resample == kResampleBicubic ? ResizeFilter::pil_bicubic : ResizeFilter::pil_bilinear;
  preprocess.rounding = CropRounding::down;
  if (crops && crop.shortest_edge != 0) return unsupported("crop_size has no height and width");
  if (size.shortest_edge != 0) {
    if (!crops) return unsupported("do_center_crop is false, so that the input's size follows the picture's");
    preprocess.mode = ResizeMode::shortest_edge_crop;
    preprocess.shortest_edge = size.shortest_edge;
    preprocess.crop_size = crop.height;
    size = crop;
  } else {
    if (crops && (crop.height != size.height || crop.width != size.width))
      return unsupported("pictures are squashed to ", size.width, "x", size.height, ", then cropped to ", crop.width,
                         "x", crop.height);
    preprocess.mode = ResizeMode::squash;
  }
  if (preprocess.mode == ResizeMode::shortest_edge_crop && size.height != size.width)
    return unsupported("the crop of ", size.width, "x", size.height, " is not a square");
  spec.input_height = size.height;
  spec.input_width = size.width;
  return {};
}

Result<void> read_preprocessor(const std::filesystem::path& model, const Config& config, ModelSpec& spec,
                               std::vector<Decision>& decisions) {
  MOBILENET_TRY(const auto file, json_beside(model, "preprocessor_config.json"));
  if (file) {
    JsonFields fields(*file, "preprocessor_config.json");
    read_normalization(fields, spec.preprocess);
    MOBILENET_CHECK(fields.mistake());
    MOBILENET_CHECK(read_geometry(fields, spec));
    decisions.push_back({"preprocessing", "as preprocessor_config.json beside the file says"});
    return {};
  }
  const std::string assumed = "{\"size\": {\"shortest_edge\": " + std::to_string(config.image_size + kResizeMargin) +
                              "}, \"crop_size\": " + std::to_string(config.image_size) + "}";
  MOBILENET_TRY(const json defaults, parse_json(assumed));
  JsonFields fields(defaults, "Hugging Face's defaults");
  read_normalization(fields, spec.preprocess);
  MOBILENET_CHECK(read_geometry(fields, spec));
  decisions.push_back({"preprocessing",
                       "Hugging Face's defaults for MobileNet: shorter side to the input size + 32, centre crop, "
                       "mean and deviation 0.5, because there is no preprocessor_config.json beside the file"});
  return {};
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
  decisions.push_back({"architecture " + title_of(weights.architecture),
                       "the tensors are named as Hugging Face transformers names them"});
  MOBILENET_TRY(Config config, read_config(weights, model, decisions));
  const bool segments = is_segmenter(weights.architecture);
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
  MOBILENET_CHECK(read_preprocessor(model, config, spec, decisions));
  reading.labels = std::move(config.labels);
  reading.labels_place = "config.json beside the file (id2label)";
  if (spec.classes > 0) decide_scores(config.problem_type, spec, decisions);
  if (spec.classes > 0 && !spec.class_scores) reading.labels.clear();  // names of quantities
  return reading;
}

}  // namespace mobilenet
