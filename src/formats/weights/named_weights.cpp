// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/named_weights.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/error.h"
#include "models/registry.h"

namespace mobilenet {
namespace {

// One row: what a source calls something, and what it is called here.
struct Rename {
  std::string_view source;
  std::string_view canonical;
};

std::optional<std::string_view> renamed(std::span<const Rename> table, std::string_view source) {
  for (const Rename& row : table)
    if (row.source == source) return row.canonical;
  return std::nullopt;
}

constexpr std::string_view kClassifier = "classifier.";
constexpr std::string_view kIgnored = ".num_batches_tracked";  // PyTorch's training counter
constexpr std::string_view kIgnoredScale = ".input_scale";     // ncnn's, for activations of integers

// Removes `prefix` when the text begins with it.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Removes "12." and returns 12; -1 when there is no such number below `limit`.
int take_number(std::string_view& text, int limit) {
  int number = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (code != std::errc() || number < 0 || number >= limit || digits == text.size() || *end != '.') return -1;
  text.remove_prefix(digits + 1);
  return number;
}

constexpr int kMostBlocks = 100;
constexpr int kMostStages = 10;

// canonical layer + canonical part, when the part is known.
std::optional<std::string> joined(const std::string& layer, std::optional<std::string_view> part) {
  if (!part) return std::nullopt;
  return layer + std::string(*part);
}

constexpr std::array<Rename, 2> kClassifierParts{{{"weight", ".weight"}, {"bias", ".bias"}}};

constexpr std::array<Rename, 6> kHuggingFaceParts{{{"convolution.weight", ".weight"},
                                                   {"convolution.bias", ".bias"},
                                                   {"normalization.weight", ".norm.gamma"},
                                                   {"normalization.bias", ".norm.beta"},
                                                   {"normalization.running_mean", ".norm.mean"},
                                                   {"normalization.running_var", ".norm.variance"}}};
constexpr std::array<Rename, 3> kHuggingFaceBlock{
    {{"expand_1x1", "/expand"}, {"conv_3x3", "/depthwise"}, {"reduce_1x1", "/project"}}};
constexpr std::array<Rename, 4> kHuggingFaceHead{
    {{"conv_pool", "pool_branch"}, {"conv_aspp", "aspp"}, {"conv_projection", "projection"}, {"classifier", "logits"}}};
constexpr std::string_view kHuggingFaceHeadPrefix = "segmentation_head.";
constexpr std::string_view kHuggingFaceLast = "conv_1x1.";
constexpr std::string_view kHuggingFaceStemV1 = "conv_stem.convolution.weight";
constexpr std::string_view kHuggingFaceStemV2 = "conv_stem.first_conv.convolution.weight";

std::optional<std::string> hugging_face_v1_name(std::string_view name) {
  if (take(name, "conv_stem.")) return joined("stem", renamed(kHuggingFaceParts, name));
  if (!take(name, "layer.")) return std::nullopt;
  const int layer = take_number(name, 2 * kMostBlocks);
  if (layer < 0) return std::nullopt;
  return joined((layer % 2 == 0 ? "depthwise" : "pointwise") + std::to_string(layer / 2 + 1),
                renamed(kHuggingFaceParts, name));
}

// "conv_aspp.normalization.bias" of the segmentation head.
std::optional<std::string> hugging_face_head_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto layer = renamed(kHuggingFaceHead, name.substr(0, dot));
  if (!layer) return std::nullopt;
  return joined(std::string(*layer), renamed(kHuggingFaceParts, name.substr(dot + 1)));
}

std::optional<std::string> hugging_face_v2_name(std::string_view name) {
  if (take(name, "conv_stem.first_conv.")) return joined("stem", renamed(kHuggingFaceParts, name));
  if (take(name, kHuggingFaceLast)) return joined("last", renamed(kHuggingFaceParts, name));
  std::string block = "block1";  // the rest of the module that holds the stem
  if (take(name, "layer.")) {
    const int layer = take_number(name, kMostBlocks);
    if (layer < 0) return std::nullopt;
    block = "block" + std::to_string(layer + 2);
  } else if (!take(name, "conv_stem.")) {
    return std::nullopt;
  }
  const std::size_t dot = name.find('.');
  const auto convolution = renamed(kHuggingFaceBlock, name.substr(0, dot));
  if (!convolution || dot == std::string_view::npos) return std::nullopt;
  return joined(block + std::string(*convolution), renamed(kHuggingFaceParts, name.substr(dot + 1)));
}

constexpr std::array<Rename, 4> kTimmNorm{{{"weight", ".norm.gamma"},
                                           {"bias", ".norm.beta"},
                                           {"running_mean", ".norm.mean"},
                                           {"running_var", ".norm.variance"}}};
// The same modules mean other layers in the two kinds of block.
constexpr std::array<Rename, 4> kTimmSeparable{
    {{"conv_dw", "depthwise"}, {"bn1", "depthwise"}, {"conv_pw", "pointwise"}, {"bn2", "pointwise"}}};
constexpr std::array<Rename, 6> kTimmInvertedResidual{{{"conv_pw", "expand"},
                                                       {"bn1", "expand"},
                                                       {"conv_dw", "depthwise"},
                                                       {"bn2", "depthwise"},
                                                       {"conv_pwl", "project"},
                                                       {"bn3", "project"}}};
constexpr std::array<Rename, 4> kTimmOutside{
    {{"conv_stem", "stem"}, {"bn1", "stem"}, {"conv_head", "last"}, {"bn2", "last"}}};

// "bn1.running_var" or "conv_pw.weight" of a block, or of the network.
std::optional<std::string_view> timm_part(std::string_view module, std::string_view part) {
  if (module.starts_with("bn")) return renamed(kTimmNorm, part);
  return renamed(kClassifierParts, part);
}

// Blocks of each stage by the highest number that occurs; what is missing in between is noticed later.
std::vector<int> timm_stages(const SafetensorsContainer& container) {
  std::vector<int> counts;
  for (const SafetensorsTensor& tensor : container.tensors) {
    std::string_view name = tensor.name;
    if (!take(name, "blocks.")) continue;
    const int stage = take_number(name, kMostStages);
    const int block = stage < 0 ? -1 : take_number(name, kMostBlocks);
    if (block < 0) continue;
    if (counts.size() <= static_cast<std::size_t>(stage)) counts.resize(static_cast<std::size_t>(stage) + 1);
    int& count = counts[static_cast<std::size_t>(stage)];
    count = std::max(count, block + 1);
  }
  return counts;
}

std::vector<int> published_stages(Architecture architecture) {
  std::vector<int> counts;
  for (const Stage& stage : backbone_of(architecture).stages) counts.push_back(stage.blocks);
  return counts;
}

std::string_view name_of(WeightSource source) {
  switch (source) {
    case WeightSource::mobilenet_cpp:
      return "mobilenet.cpp";
    case WeightSource::hugging_face:
      return "Hugging Face";
    case WeightSource::timm:
      return "timm";
    case WeightSource::ncnn_ssdlite:
      return "ncnn";
  }
  return "";
}

bool any(const SafetensorsContainer& container, bool (*matches)(std::string_view)) {
  return std::any_of(container.tensors.begin(), container.tensors.end(),
                     [&](const SafetensorsTensor& tensor) { return matches(tensor.name); });
}

// What a file is that is none of ours, and what to do.
Error unknown_weights(const SafetensorsContainer& container) {
  if (container.tensors.empty()) return failure(ErrorCode::bad_format, "has no tensors");
  if (any(container, [](std::string_view name) { return name.starts_with("features.0.0."); }))
    return failure(ErrorCode::unsupported,
                   "has torchvision's tensor names, which are not supported; use the file of the same network from "
                   "timm or Hugging Face");
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, container.tensors.size()); ++i)
    names += (i == 0 ? "" : ", ") + container.tensors[i].name;
  return failure(ErrorCode::unsupported,
                 "is not recognised as a MobileNet V1 or V2 by its tensor names (Hugging Face's, timm's or this "
                 "project's); it has ",
                 container.tensors.size(), " tensors: ", names, ", ...");
}

// Which source and architecture the names belong to.
Result<NamedWeights> recognise(const SafetensorsContainer& container) {
  NamedWeights named;
  const auto format = container.metadata.find("format");
  if (format != container.metadata.end() && format->second == "mobilenet.cpp") return named;
  const bool v1 = any(container, [](std::string_view name) { return name.ends_with(kHuggingFaceStemV1); });
  const bool v2 = any(container, [](std::string_view name) { return name.ends_with(kHuggingFaceStemV2); });
  if (v1 || v2) {
    named.source = WeightSource::hugging_face;
    named.architecture = v2 ? Architecture::mobilenet_v2 : Architecture::mobilenet_v1;
    if (v2 && any(container, [](std::string_view name) { return name.starts_with(kHuggingFaceHeadPrefix); }))
      named.architecture = Architecture::deeplab_mobilenet_v2;
    named.stage_blocks = published_stages(named.architecture);
    return named;
  }
  if (any(container, [](std::string_view name) { return name == "conv_13/expand_mbox_loc.weight"; })) {
    named.source = WeightSource::ncnn_ssdlite;
    named.architecture = Architecture::ssdlite_mobilenet_v2;
    named.stage_blocks = published_stages(named.architecture);
    return named;
  }
  named.stage_blocks = timm_stages(container);
  if (named.stage_blocks.empty() || !any(container, [](std::string_view name) { return name == "conv_stem.weight"; }))
    return unknown_weights(container);
  if (any(container, [](std::string_view name) {
        return name.find(".se.") != std::string_view::npos || name == "conv_head.bias" ||
               name.find(".dw_start.") != std::string_view::npos || name.find(".pw_exp.") != std::string_view::npos;
      }))
    return failure(ErrorCode::unsupported,
                   "looks like a MobileNet V3, V4 or EfficientNet of timm; supported are MobileNet V1 and V2");
  named.source = WeightSource::timm;
  const bool inverted = any(container, [](std::string_view name) { return name.ends_with(".conv_pwl.weight"); });
  named.architecture = inverted ? Architecture::mobilenet_v2 : Architecture::mobilenet_v1;
  const std::size_t expected = backbone_of(named.architecture).stages.size();
  if (named.stage_blocks.size() != expected)
    return failure(ErrorCode::unsupported, "has ", named.stage_blocks.size(), " stages of blocks, MobileNet ",
                   inverted ? "V2" : "V1", " has ", expected);
  return named;
}

std::optional<std::string> canonical_name(const NamedWeights& named, const std::string& name) {
  switch (named.source) {
    case WeightSource::mobilenet_cpp:
      return name;
    case WeightSource::hugging_face:
      return hugging_face_name(named.architecture, name);
    case WeightSource::timm:
      return timm_name(named.architecture, named.stage_blocks, name);
    case WeightSource::ncnn_ssdlite:
      return ncnn_ssdlite_name(name);
  }
  return std::nullopt;
}

// Tensors that are in files of this kind and take no part in the answer.
bool is_ignored(const NamedWeights& named, std::string_view name) {
  if (name.ends_with(kIgnored)) return true;
  if (named.source == WeightSource::ncnn_ssdlite) return name.ends_with(kIgnoredScale);
  // The segmentation head reads the last block; the backbone's own last convolution is saved all the same.
  if (named.architecture != Architecture::deeplab_mobilenet_v2) return false;
  take(name, "mobilenet_v2.");
  return name.starts_with(kHuggingFaceLast);
}

}  // namespace

std::optional<std::string> hugging_face_name(Architecture architecture, std::string_view name) {
  const bool v2 = backbone_of(architecture).architecture == Architecture::mobilenet_v2;
  if (architecture == Architecture::deeplab_mobilenet_v2 && take(name, kHuggingFaceHeadPrefix))
    return hugging_face_head_name(name);
  if (take(name, kClassifier)) return joined("logits", renamed(kClassifierParts, name));
  take(name, v2 ? "mobilenet_v2." : "mobilenet_v1.");
  return v2 ? hugging_face_v2_name(name) : hugging_face_v1_name(name);
}

std::optional<std::string> timm_name(Architecture architecture, const std::vector<int>& stage_blocks,
                                     std::string_view name) {
  const bool v2 = architecture == Architecture::mobilenet_v2;
  if (take(name, kClassifier)) return joined("logits", renamed(kClassifierParts, name));
  int stage = -1, number = 0;
  if (take(name, "blocks.")) {
    stage = take_number(name, static_cast<int>(stage_blocks.size()));
    const int block = stage < 0 ? -1 : take_number(name, kMostBlocks);
    if (block < 0) return std::nullopt;
    for (int i = 0; i < stage; ++i) number += stage_blocks[static_cast<std::size_t>(i)];
    number += block + 1;
  }
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view module = name.substr(0, dot);
  const auto part = timm_part(module, name.substr(dot + 1));
  if (stage < 0) {
    const auto layer = renamed(kTimmOutside, module);
    return layer ? joined(std::string(*layer), part) : std::nullopt;
  }
  // Every V1 block, and the first of V2, is a depthwise and a pointwise convolution.
  const bool separable = !v2 || stage == 0;
  const auto layer = separable ? renamed(kTimmSeparable, module) : renamed(kTimmInvertedResidual, module);
  if (!layer) return std::nullopt;
  if (!v2) return joined(std::string(*layer) + std::to_string(number), part);
  const std::string_view in_block = *layer == "pointwise" ? "project" : *layer;
  return joined("block" + std::to_string(number) + "/" + std::string(in_block), part);
}

Result<NamedWeights> name_weights(const SafetensorsContainer& container) {
  MOBILENET_TRY(NamedWeights named, recognise(container));
  for (const SafetensorsTensor& tensor : container.tensors) {
    if (is_ignored(named, tensor.name)) continue;
    const std::optional<std::string> name = canonical_name(named, tensor.name);
    if (!name)
      return failure(ErrorCode::unsupported, tensor.name, ": ", to_string(tensor.shape),
                     " is not a tensor of a MobileNet ",
                     backbone_of(named.architecture).architecture == Architecture::mobilenet_v2 ? "V2" : "V1", " as ",
                     name_of(named.source), " saves it");
    if (!tensor.type)
      return failure(ErrorCode::unsupported, tensor.name, ": is ", tensor.dtype,
                     ", which is not supported; save it as F16 or F32");
    Parameter parameter{tensor.name, *tensor.type, tensor.shape, WeightLayout::none, tensor.bytes};
    if (tensor.shape.rank() == 4) parameter.layout = WeightLayout::oihw;
    if (tensor.shape.rank() == 2) parameter.layout = WeightLayout::oi;
    const auto [place, added] = named.index.emplace(*name, static_cast<int>(named.parameters.values.size()));
    if (!added)
      return failure(ErrorCode::bad_format, tensor.name, ": is another ", *name, " beside ",
                     named.parameters.value(place->second).name);
    named.parameters.values.push_back(std::move(parameter));
  }
  return named;
}

}  // namespace mobilenet
