// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// timm (PyTorch Image Models): its names, config.json as its hub repositories have it, and what follows from both.

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "formats/json/json_beside.h"
#include "formats/weights/convention.h"
#include "formats/weights/conventions/hugging_face_scores.h"
#include "formats/weights/conventions/timm_pooling.h"
#include "formats/weights/renaming.h"
#include "formats/weights/structure.h"
#include "json/json_fields.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

constexpr int kMostStages = 10;
constexpr std::array<std::string_view, 1> kLandmarks{"conv_stem.weight"};
constexpr std::string_view kClassifier = "classifier.";

constexpr std::array<Rename, 4> kNorm{{{"weight", ".norm.gamma"},
                                       {"bias", ".norm.beta"},
                                       {"running_mean", ".norm.mean"},
                                       {"running_var", ".norm.variance"}}};
// The same modules mean other layers in the two kinds of block.
constexpr std::array<Rename, 4> kSeparable{
    {{"conv_dw", "depthwise"}, {"bn1", "depthwise"}, {"conv_pw", "pointwise"}, {"bn2", "pointwise"}}};
constexpr std::array<Rename, 6> kInvertedResidual{{{"conv_pw", "expand"},
                                                   {"bn1", "expand"},
                                                   {"conv_dw", "depthwise"},
                                                   {"bn2", "depthwise"},
                                                   {"conv_pwl", "project"},
                                                   {"bn3", "project"}}};
constexpr std::array<Rename, 4> kOutside{
    {{"conv_stem", "stem"}, {"bn1", "stem"}, {"conv_head", "last"}, {"bn2", "last"}}};

// "bn1.running_var" or "conv_pw.weight" of a block, or of the network.
std::optional<std::string_view> part_of(std::string_view module, std::string_view part) {
  if (module.starts_with("bn")) return renamed(kNorm, part);
  return renamed(kWeightParts, part);
}

// Blocks of each stage by the highest number that occurs; what is missing in between is noticed later.
std::vector<int> stages_in(const NamedTensors& file) {
  std::vector<int> counts;
  for (const NamedTensor& tensor : file.tensors) {
    std::string_view name = tensor.name;
    if (!take(name, "blocks.")) continue;
    const int stage = take_number(name, kMostStages);
    const int block = stage < 0 ? -1 : take_number(name, kMostNamedBlocks);
    if (block < 0) continue;
    if (counts.size() <= static_cast<std::size_t>(stage)) counts.resize(static_cast<std::size_t>(stage) + 1);
    int& count = counts[static_cast<std::size_t>(stage)];
    count = std::max(count, block + 1);
  }
  return counts;
}

Result<std::optional<Recognition>> recognise(const NamedTensors& file) {
  Recognition recognition;
  recognition.stage_blocks = stages_in(file);
  if (recognition.stage_blocks.empty() || !any_name(file, [](std::string_view name) { return name == kLandmarks[0]; }))
    return std::optional<Recognition>();
  if (any_name(file, [](std::string_view name) {
        return name.find(".se.") != std::string_view::npos || name == "conv_head.bias" ||
               name.find(".dw_start.") != std::string_view::npos || name.find(".pw_exp.") != std::string_view::npos;
      }))
    return failure(ErrorCode::unsupported,
                   "looks like a MobileNet V3, V4 or EfficientNet of timm; supported are MobileNet V1 and V2");
  const bool inverted = any_name(file, [](std::string_view name) { return name.ends_with(".conv_pwl.weight"); });
  recognition.architecture = inverted ? Architecture::mobilenet_v2 : Architecture::mobilenet_v1;
  const std::size_t expected = backbone_of(recognition.architecture).stages.size();
  if (recognition.stage_blocks.size() != expected)
    return failure(ErrorCode::unsupported, "has ", recognition.stage_blocks.size(), " stages of blocks, ",
                   title_of(recognition.architecture), " has ", expected);
  return std::optional(std::move(recognition));
}

// The layer of a module in the block `number`, counted from 1.
std::optional<std::string> layer_in_block(BlockKind kind, int stage, int number, std::string_view module) {
  const std::string text = std::to_string(number);
  switch (kind) {
    case BlockKind::separable: {
      const auto layer = renamed(kSeparable, module);
      return layer ? std::optional(std::string(*layer) + text) : std::nullopt;
    }
    case BlockKind::inverted_residual: {
      // The first block of V2 is a depthwise and a pointwise convolution, too.
      const auto layer = stage == 0 ? renamed(kSeparable, module) : renamed(kInvertedResidual, module);
      if (!layer) return std::nullopt;
      return "block" + text + "/" + std::string(*layer == "pointwise" ? "project" : *layer);
    }
  }
  return std::nullopt;
}

// "blocks.2.1.conv_pwl.weight" -> "block5/project.weight" when the first two stages have three blocks.
std::optional<std::string> canonical_name(const Recognition& recognition, std::string_view name) {
  const std::vector<int>& stage_blocks = recognition.stage_blocks;
  if (take(name, kClassifier)) return joined("logits", renamed(kWeightParts, name));
  int stage = -1, number = 0;
  if (take(name, "blocks.")) {
    stage = take_number(name, static_cast<int>(stage_blocks.size()));
    const int block = stage < 0 ? -1 : take_number(name, kMostNamedBlocks);
    if (block < 0) return std::nullopt;
    for (int i = 0; i < stage; ++i) number += stage_blocks[static_cast<std::size_t>(i)];
    number += block + 1;
  }
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view module = name.substr(0, dot);
  const auto part = part_of(module, name.substr(dot + 1));
  if (stage < 0) {
    const auto layer = renamed(kOutside, module);
    return layer ? joined(std::string(*layer), part) : std::nullopt;
  }
  const auto layer = layer_in_block(backbone_of(recognition.architecture).blocks, stage, number, module);
  return layer ? joined(*layer, part) : std::nullopt;
}

using json = JsonValue;

constexpr double kEpsilon = 1e-5;  // PyTorch's default; timm's MobileNet V1 and V2 keep it

constexpr std::array<std::pair<std::string_view, ResizeFilter>, 6> kInterpolations{
    {{"nearest", ResizeFilter::pil_nearest},
     {"box", ResizeFilter::pil_box},
     {"bilinear", ResizeFilter::pil_bilinear},
     {"hamming", ResizeFilter::pil_hamming},
     {"bicubic", ResizeFilter::pil_bicubic},
     {"lanczos", ResizeFilter::pil_lanczos}}};

// What timm calls an architecture, and what its published weights were trained with.
struct Family {
  Architecture architecture;
  std::string_view name;  // with more behind it for some: "mobilenetv1_125"
  std::array<double, 3> mean, deviation;
  double crop_fraction, crop_fraction_125;  // the second at depth multiplier 1.25
};
constexpr std::array<Family, 2> kFamilies{
    {{Architecture::mobilenet_v1, "mobilenetv1", {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}, 0.875, 0.9},
     {Architecture::mobilenet_v2, "mobilenetv2", {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, 0.875, 0.875}}};

// Of those that recognise() gives; the last row for any other.
const Family& family_of(Architecture architecture) {
  return *std::find_if(kFamilies.begin(), kFamilies.end() - 1,
                       [&](const Family& family) { return family.architecture == architecture; });
}

// Three numbers, or one for all channels, alone or in a list.
std::array<float, 3> channels_from(JsonFields& fields, const json& config, const char* key, double least,
                                   const std::array<double, 3>& usual) {
  constexpr double kMost = 1e6;
  std::vector<double> values(usual.begin(), usual.end());
  if (fields.is_number(key))
    values.assign(3, fields.number(key, least, kMost));
  else if (fields.has(key) && config.find(key)->is_array() && config.find(key)->size() == 1)
    values.assign(3, fields.numbers(key, 1, least, kMost)[0]);
  else
    values = fields.numbers(key, 3, least, kMost, values);
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

void read_filter(JsonFields& fields, const std::string& place, PreprocessSpec& preprocess) {
  preprocess.filter = ResizeFilter::pil_bicubic;
  const std::string name = fields.text("interpolation", "");
  if (name.empty()) return;
  const auto known = std::find_if(kInterpolations.begin(), kInterpolations.end(),
                                  [&](const auto& candidate) { return candidate.first == name; });
  if (known == kInterpolations.end())
    preprocess.unknown.filter = text(place, " has interpolation ", describe(name));
  else
    preprocess.filter = known->second;
}

// timm resizes to floor(size / crop_pct) in one of three ways, then takes the centre.
void read_geometry(JsonFields& fields, const std::string& place, double crop_fraction, ModelSpec& spec) {
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.rounding = CropRounding::half_even;
  preprocess.crop_fraction = std::min(crop_fraction, 1.0);
  preprocess.base_height = spec.input_height;
  preprocess.base_width = spec.input_width;
  preprocess.resize_height = std::max(1, static_cast<int>(std::floor(spec.input_height / crop_fraction)));
  preprocess.resize_width = std::max(1, static_cast<int>(std::floor(spec.input_width / crop_fraction)));
  const std::string mode = fields.text("crop_mode", "center");
  if (mode == "squash") {
    preprocess.mode = ResizeMode::squash;
  } else if (mode == "border") {
    preprocess.mode = ResizeMode::fit;
    for (std::size_t c = 0; c < 3; ++c) preprocess.fill[c] = std::nearbyint(255 * preprocess.mean[c]);
  } else if (mode == "center" || mode.empty()) {
    const bool square = preprocess.resize_height == preprocess.resize_width;
    preprocess.mode = square ? ResizeMode::shortest_edge : ResizeMode::cover;
  } else {
    preprocess.unknown.geometry = text(place, " has crop_mode ", describe(mode));
  }
}

Result<void> read_preprocessing(const json& config, const std::string& place, WeightsReading& reading) {
  ModelSpec& spec = reading.spec;
  const Family& usual = family_of(spec.architecture);
  JsonFields fields(config, place);
  const std::vector<double> input = fields.numbers("input_size", 3, 1, kMostPixels, {3, 224, 224});
  constexpr double kLeastCrop = 0.01, kMostCrop = 16;
  double crop = spec.depth_multiplier == 1.25 ? usual.crop_fraction_125 : usual.crop_fraction;
  if (fields.has("crop_pct") && fields.number("crop_pct", 0, kMostCrop) != 0)  // 0 is timm's word for the usual
    crop = fields.number("crop_pct", kLeastCrop, kMostCrop);
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.mean = channels_from(fields, config, "mean", -1e6, usual.mean);
  preprocess.deviation = channels_from(fields, config, "std", 1e-9, usual.deviation);
  preprocess.divide_by_255 = true;
  spec.input_height = static_cast<int>(input[1]);
  spec.input_width = static_cast<int>(input[2]);
  read_filter(fields, place, preprocess);
  read_geometry(fields, place, crop, spec);
  MOBILENET_CHECK(fields.mistake());
  if (input[0] != 3)
    return failure(ErrorCode::unsupported, place, ": an input of ", input[0], " channels is not supported");
  for (const std::string& because : {preprocess.unknown.geometry, preprocess.unknown.filter})
    if (!because.empty())
      reading.decisions.push_back({"preprocessing is unknown", because + ", which is not known here"});
  return {};
}

// Arguments of the model's constructor that change what the same weights compute.
Result<void> check_arguments(const json& config) {
  JsonFields fields(config, "config.json");
  for (const char* group : {"model_args", "kwargs"}) {
    const json* arguments = fields.object(group);
    if (!arguments) continue;
    for (const char* name : {"act_layer", "norm_layer", "pad_type", "output_stride", "bn_eps", "bn_tf"})
      if (const json* value = arguments->find(name))
        return failure(ErrorCode::unsupported, "config.json: ", group, " sets ", name, " to ", describe(*value),
                       ", which is not supported");
  }
  return fields.mistake();
}

// label_names, or what label_descriptions says about each; nothing when a class has no name.
std::vector<std::string> labels_of(const json& config) {
  const json* names = config.find("label_names");
  if (!names) names = config.find("labels");  // as it was called before
  if (!names || !names->is_array()) return {};
  const json* descriptions = config.find("label_descriptions");
  std::vector<std::string> labels;
  for (const json& name : *names) {
    if (!name.is_string()) return {};
    labels.push_back(name.get<std::string>());
    if (!descriptions) continue;
    if (descriptions->is_object()) {
      const json* found = descriptions->find(labels.back());
      if (found && found->is_string()) labels.back() = found->get<std::string>();
    } else if (descriptions->is_array() && labels.size() <= descriptions->size()) {
      const json& description = (*descriptions)[labels.size() - 1];
      if (description.is_string()) labels.back() = description.get<std::string>();
    }
  }
  return labels;
}

Result<void> assume_published(const NamedWeights& weights, WeightsReading& reading, const std::string& because) {
  MOBILENET_CHECK(decide_timm_pooling(nullptr, weights, reading));
  const json nothing{json::Object()};
  reading.decisions.push_back(
      {"preprocessing",
       "that of timm's published " + std::string(title_of(reading.spec.architecture)) + " weights, " + because});
  return read_preprocessing(nothing, "timm's defaults", reading);
}

// Of a model that transformers' trainer wraps.
void decide_wrapped_scores(const std::string& problem_type, WeightsReading& reading) {
  if (reading.spec.classes == 0) return;
  decide_hugging_face_scores(problem_type, reading.spec, reading.decisions);
  if (!reading.spec.class_scores) reading.labels.clear();  // names of quantities
}

Result<void> read_config(const json& config, const NamedWeights& weights, WeightsReading& reading) {
  JsonFields fields(config, "config.json");
  const std::string family(family_of(reading.spec.architecture).name);
  const std::string architecture = fields.text("architecture", family);
  const json* pretrained = fields.object("pretrained_cfg");
  const bool wrapped = fields.text("model_type", "") == "timm_wrapper";
  const std::string problem_type = fields.text("problem_type", "");
  MOBILENET_CHECK(fields.mistake());
  if (!architecture.starts_with(family))
    return assume_published(weights, reading,
                            "because config.json beside the file is for " + describe(architecture) +
                                ", while the tensors are those of " + family);
  MOBILENET_CHECK(check_arguments(config));
  MOBILENET_CHECK(decide_timm_pooling(&config, weights, reading));
  MOBILENET_CHECK(pretrained ? read_preprocessing(*pretrained, "config.json: pretrained_cfg", reading)
                             : read_preprocessing(config, "config.json", reading));
  reading.decisions.push_back({"preprocessing", "as config.json beside the file says (" + architecture + ")"});
  reading.labels = labels_of(config);
  if (reading.labels.empty() && pretrained) reading.labels = labels_of(*pretrained);
  reading.labels_place = "config.json beside the file (label_names)";
  if (wrapped) decide_wrapped_scores(problem_type, reading);
  return {};
}

Result<WeightsReading> read(const NamedTensors&, NamedWeights& weights, const std::filesystem::path& model) {
  WeightsReading reading;
  MOBILENET_TRY(reading.spec, structure_of(weights, {.first_block_adds = true}));
  ModelSpec& spec = reading.spec;
  spec.layout = SourceLayout::nchw;
  spec.tf_padding = false;
  spec.epsilon = kEpsilon;
  if (spec.classes == 1) spec.class_scores.reset();  // a class only if it has a name
  reading.decisions = {
      {text("architecture ", title_of(weights.recognition.architecture)), "the tensors are named as timm names them"},
      {"symmetric padding", "timm's MobileNets are PyTorch's own, not converted from TensorFlow"},
      {"batch norm epsilon 1e-05", "PyTorch's default, which timm's MobileNet V1 and V2 keep"}};
  MOBILENET_TRY(const auto config, json_beside(model, "config.json"));
  MOBILENET_CHECK(config ? read_config(*config, weights, reading)
                         : assume_published(weights, reading, "because there is no config.json beside the file"));
  return reading;
}

}  // namespace

const Convention kTimmConvention{"timm", recognise, canonical_name, read, kLandmarks};

}  // namespace mobilenet
