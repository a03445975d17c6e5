// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// timm (PyTorch Image Models): config.json as its hub repositories have it.

#include <array>
#include <cmath>

#include "base/error.h"
#include "formats/json_fields.h"
#include "formats/safetensors_sources.h"
#include "formats/safetensors_structure.h"

namespace mobilenet {
namespace {

using json = JsonValue;

constexpr int kMostPixels = 1 << 14;
constexpr double kEpsilon = 1e-5;  // PyTorch's default; timm's MobileNet V1 and V2 keep it

constexpr std::array<std::pair<std::string_view, ResizeFilter>, 2> kInterpolations{
    {{"bilinear", ResizeFilter::pil_bilinear}, {"bicubic", ResizeFilter::pil_bicubic}}};

// What timm's published weights were trained with: the same for all of a family but mobilenetv1_125.
struct Published {
  std::vector<double> mean, deviation;
  double crop_fraction;
};

Published published(const ModelSpec& spec) {
  if (spec.architecture == Architecture::mobilenet_v2) return {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, 0.875};
  return {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}, spec.depth_multiplier == 1.25 ? 0.9 : 0.875};
}

std::array<float, 3> to_floats(const std::vector<double>& values) {
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

Result<void> read_preprocessing(const json& config, const std::string& place, ModelSpec& spec) {
  const Published usual = published(spec);
  JsonFields fields(config, place);
  const std::vector<double> input = fields.numbers("input_size", 3, 1, kMostPixels, {3, 224, 224});
  const double crop = fields.number("crop_pct", 0.01, 1, usual.crop_fraction);
  const std::string mode = fields.text("crop_mode", "center");
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.mean = to_floats(fields.numbers("mean", 3, -1e6, 1e6, usual.mean));
  preprocess.deviation = to_floats(fields.numbers("std", 3, 1e-9, 1e6, usual.deviation));
  preprocess.filter = ResizeFilter::pil_bicubic;
  if (fields.has("interpolation")) preprocess.filter = fields.choice("interpolation", kInterpolations);
  MOBILENET_CHECK(fields.mistake());
  spec.input_height = static_cast<int>(input[1]);
  spec.input_width = static_cast<int>(input[2]);
  preprocess.rounding = CropRounding::half_even;
  preprocess.divide_by_255 = true;
  preprocess.crop_fraction = crop;
  const auto unsupported = [&](const auto&... what) {
    return failure(ErrorCode::unsupported, place, ": ", what..., " is not supported");
  };
  if (input[0] != 3) return unsupported("an input of ", input[0], " channels");
  if (mode == "squash" && crop == 1) {
    preprocess.mode = ResizeMode::squash;
    return {};
  }
  if (mode != "center") return unsupported("crop_mode ", describe(mode), " with crop_pct ", crop);
  if (spec.input_height != spec.input_width)
    return unsupported("a centre crop of ", spec.input_width, "x", spec.input_height);
  preprocess.mode = ResizeMode::shortest_edge_crop;
  preprocess.shortest_edge = static_cast<int>(std::floor(spec.input_height / crop));
  preprocess.crop_size = spec.input_height;
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
  const std::string pool = fields.text("global_pool", "avg");
  MOBILENET_CHECK(fields.mistake());
  if (pool != "avg" && pool != "fast" && pool != "fastavg" && !pool.empty())
    return failure(ErrorCode::unsupported, "config.json: global_pool is ", describe(pool), ", supported is avg");
  return {};
}

// label_names, or what label_descriptions says about each; nothing when a class has no name.
std::vector<std::string> labels_of(const json& config) {
  const json* names = config.find("label_names");
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

Result<void> assume_published(SourceReading& reading, const std::string& because) {
  const json nothing{json::Object()};
  reading.decisions.push_back(
      {"preprocessing", "that of timm's published " + title_of(reading.spec.architecture) + " weights, " + because});
  return read_preprocessing(nothing, "timm's defaults", reading.spec);
}

Result<void> read_config(const json& config, SourceReading& reading) {
  JsonFields fields(config, "config.json");
  const bool v2 = reading.spec.architecture == Architecture::mobilenet_v2;
  const std::string family = v2 ? "mobilenetv2" : "mobilenetv1";
  const std::string architecture = fields.text("architecture", family);
  const json* pretrained = fields.object("pretrained_cfg");
  MOBILENET_CHECK(fields.mistake());
  if (!architecture.starts_with(family))
    return assume_published(reading, "because config.json beside the file is for " + describe(architecture) +
                                         ", while the tensors are those of " + family);
  MOBILENET_CHECK(check_arguments(config));
  MOBILENET_CHECK(pretrained ? read_preprocessing(*pretrained, "config.json: pretrained_cfg", reading.spec)
                             : read_preprocessing(config, "config.json", reading.spec));
  reading.decisions.push_back({"preprocessing", "as config.json beside the file says (" + architecture + ")"});
  reading.labels = labels_of(config);
  if (reading.labels.empty() && pretrained) reading.labels = labels_of(*pretrained);
  reading.labels_place = "config.json beside the file (label_names)";
  return {};
}

}  // namespace

Result<SourceReading> read_timm(const NamedWeights& weights, const std::filesystem::path& model) {
  SourceReading reading;
  MOBILENET_TRY(reading.spec, structure_of(weights));
  ModelSpec& spec = reading.spec;
  spec.layout = SourceLayout::nchw;
  spec.tf_padding = false;
  spec.epsilon = kEpsilon;
  if (spec.classes == 1) spec.class_scores.reset();  // a class only if it has a name
  reading.decisions = {{"architecture " + title_of(weights.architecture), "the tensors are named as timm names them"},
                       {"symmetric padding", "timm's MobileNets are PyTorch's own, not converted from TensorFlow"},
                       {"batch norm epsilon 1e-05", "PyTorch's default, which timm's MobileNet V1 and V2 keep"}};
  MOBILENET_TRY(const auto config, json_beside(model, "config.json"));
  MOBILENET_CHECK(config ? read_config(*config, reading)
                         : assume_published(reading, "because there is no config.json beside the file"));
  return reading;
}

}  // namespace mobilenet
