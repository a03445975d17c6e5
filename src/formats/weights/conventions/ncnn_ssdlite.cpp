// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// SSDLite on MobileNet V2 as Caffe and ncnn have it, repacked as safetensors: TensorFlow's network under Caffe's layer
// names, batch norm folded into biases, weights as integers with one scale an output channel.

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "formats/weights/convention.h"
#include "formats/weights/structure.h"
#include "models/anchors.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

constexpr std::array<std::string_view, 1> kLandmarks{"conv_13/expand_mbox_loc.weight"};
constexpr std::string_view kInputScale = ".input_scale";  // for activations of integers
constexpr int kInputSize = 300;
constexpr int kExtras = 4;
constexpr int kTap = 14;  // "conv_13/expand" counts blocks from 0

// Caffe's PriorBox layers of this network, in pixels of its input.
struct Prior {
  double least, most;
};
constexpr std::array<Prior, kExtras + 2> kPriors{{{60, 0}, {105, 150}, {150, 195}, {195, 240}, {240, 285}, {285, 300}}};

std::vector<std::vector<AnchorShape>> prior_shapes() {
  constexpr std::array<double, 2> kRatios{2, 3};
  std::vector<std::vector<AnchorShape>> shapes;
  shapes.reserve(kPriors.size());
  for (const Prior& prior : kPriors)
    shapes.push_back(prior_box_shapes(prior.least, prior.most, std::span(kRatios).first(shapes.empty() ? 1 : 2)));
  return shapes;
}

// "12" below `limit`; -1 when the text is anything else.
int whole_number(std::string_view text, int limit) {
  int number = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() && number >= 0 && number < limit ? number : -1;
}

// The feature map that predictors read, by the layer that makes it.
std::optional<int> map_of(std::string_view source) {
  if (source == "conv_13/expand") return 0;
  if (source == "Conv_1") return 1;
  constexpr std::string_view kExtra = "layer_19_2_";
  if (!source.starts_with(kExtra)) return std::nullopt;
  const int number = whole_number(source.substr(kExtra.size()), kExtras + 2);
  return number >= 2 ? std::optional<int>(number) : std::nullopt;
}

std::optional<std::string> predictor_layer(std::string_view layer) {
  for (const auto& [mark, kind] : {std::pair<std::string_view, std::string_view>{"_mbox_loc", "/box"},
                                   std::pair<std::string_view, std::string_view>{"_mbox_conf", "/class"}}) {
    const std::size_t place = layer.find(mark);
    if (place == std::string_view::npos) continue;
    const auto map = map_of(layer.substr(0, place));
    const std::string_view rest = layer.substr(place + mark.size());
    if (!map || (!rest.empty() && rest != "/depthwise")) return std::nullopt;
    return "head" + std::to_string(*map) + std::string(kind) + std::string(rest);
  }
  return std::nullopt;
}

std::optional<std::string> block_layer(std::string_view layer) {
  const std::size_t slash = layer.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view block = layer.substr(0, slash), part = layer.substr(slash);
  constexpr std::string_view kBlock = "conv_";
  int number = block == "conv" ? 0 : -1;
  if (block.starts_with(kBlock)) number = whole_number(block.substr(kBlock.size()), kMostNamedBlocks);
  if (number < 0 || (part != "/expand" && part != "/depthwise" && part != "/project")) return std::nullopt;
  return "block" + std::to_string(number + 1) + std::string(part);
}

std::optional<std::string> canonical_layer(std::string_view layer) {
  if (layer == "Conv") return "stem";
  if (layer == "Conv_1") return "last";
  if (layer.find("_mbox_") != std::string_view::npos) return predictor_layer(layer);
  if (!layer.starts_with("layer_19_")) return block_layer(layer);
  // layer_19_1_2 and layer_19_2_2 are the first extra feature map, ..._5 the fourth.
  constexpr std::size_t kPrefix = std::string_view("layer_19_1_").size();
  if (layer.size() <= kPrefix) return std::nullopt;
  const int number = whole_number(layer.substr(kPrefix, 1), kExtras + 2) - 1;
  const std::string_view rest = layer.substr(kPrefix + 1);
  if (number < 1) return std::nullopt;
  const std::string extra = "extra" + std::to_string(number);
  if (layer.starts_with("layer_19_1_") && rest.empty()) return extra + "/reduce";
  if (layer.starts_with("layer_19_2_") && (rest.empty() || rest == "/depthwise")) return extra + std::string(rest);
  return std::nullopt;
}

Result<const Shape*> shape_of(const NamedWeights& weights, const std::string& name) {
  const auto found = weights.index.find(name);
  if (found == weights.index.end()) return failure(ErrorCode::bad_format, name, ": is missing");
  const Shape& shape = weights.parameters.value(found->second).shape;
  if (shape.rank() != 4 || shape[0] < 1 || shape[0] > kMostChannels)
    return failure(ErrorCode::bad_format, name, ": is ", to_string(shape), ", expected the weight of a convolution");
  return &shape;
}

// Swaps output channels 4i with 4i + 1 and 4i + 2 with 4i + 3: Caffe codes a box as x, y, width, height.
void swap_axes_of_boxes(Parameters& parameters, int index) {
  Parameter& parameter = parameters.value(index);
  const auto channels = static_cast<std::size_t>(parameter.shape[0]);
  const std::size_t bytes = parameter.bytes.size() / channels;
  const auto copy = std::make_shared<std::vector<std::byte>>(parameter.bytes.size());
  for (std::size_t channel = 0; channel < channels; ++channel)
    std::memcpy(copy->data() + channel * bytes, parameter.bytes.data() + (channel ^ 1) * bytes, bytes);
  parameter.bytes = *copy;
  parameters.owners.push_back(copy);
}

Result<std::optional<Recognition>> recognise(const NamedTensors& file) {
  if (!any_name(file, [](std::string_view name) { return name == kLandmarks[0]; })) return std::optional<Recognition>();
  constexpr Architecture kArchitecture = Architecture::ssdlite_mobilenet_v2;
  return std::optional(Recognition{kArchitecture, published_stages(kArchitecture)});
}

bool ignores(const Recognition&, std::string_view name) { return name.ends_with(kInputScale); }

// "layer_19_2_3_mbox_loc/depthwise.weight" -> "head3/box/depthwise.weight"
std::optional<std::string> canonical_name(const Recognition&, std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view part = name.substr(dot);
  if (part != ".weight" && part != ".weight_scale" && part != ".bias") return std::nullopt;
  const auto layer = canonical_layer(name.substr(0, dot));
  return layer ? std::optional<std::string>(*layer + std::string(part)) : std::nullopt;
}

// Turns the weights of the box predictors to the order of this library, in copies.
Result<WeightsReading> read(const NamedTensors&, NamedWeights& weights, const std::filesystem::path&) {
  WeightsReading reading;
  MOBILENET_TRY(reading.spec, structure_of(weights, {}));
  ModelSpec& spec = reading.spec;
  spec.input_name = "data";
  spec.layout = SourceLayout::nchw;
  spec.tf_padding = true;
  spec.padding_size = kInputSize;
  spec.input_height = spec.input_width = kInputSize;
  spec.detection_head.tap = kTap;
  spec.detection_head.separable_extras = true;
  spec.detection_head.predictor = PredictorKind::separable;
  for (int i = 1; i <= kExtras; ++i) {
    const std::string layer = "extra" + std::to_string(i);
    MOBILENET_TRY(const Shape* reduced, shape_of(weights, layer + "/reduce.weight"));
    MOBILENET_TRY(const Shape* outputs, shape_of(weights, layer + ".weight"));
    spec.detection_head.extras.push_back({static_cast<int>((*reduced)[0]), static_cast<int>((*outputs)[0])});
  }
  DetectionSpec& detection = spec.detection;
  detection.anchor_shapes = prior_shapes();
  detection.anchor_unit = AnchorUnit::pixel;
  MOBILENET_TRY(const Shape* predictor, shape_of(weights, "head0/class.weight"));
  detection.classes = static_cast<int>((*predictor)[0]) / static_cast<int>(detection.anchor_shapes[0].size()) - 1;
  detection.score_function = ScoreFunction::sigmoid;
  detection.suppression.rule = SuppressionRule::per_class;
  detection.suppression.iou_threshold = 0.45f;
  detection.suppression.score_threshold = 0.35f;
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.mode = ResizeMode::squash;
  preprocess.swap_red_blue = true;
  preprocess.rescale = 1;
  preprocess.mean = preprocess.deviation = {127.5f, 127.5f, 127.5f};

  for (std::size_t map = 0; map < detection.anchor_shapes.size(); ++map)
    for (const std::string_view part : {".weight", ".weight_scale", ".bias"}) {
      const auto found = weights.index.find("head" + std::to_string(map) + "/box" + std::string(part));
      if (found == weights.index.end()) continue;
      const Shape& shape = weights.parameters.value(found->second).shape;
      if (shape.rank() == 0 || shape[0] < 1 || shape[0] > kMostChannels || shape[0] % 4 != 0 ||
          shape.elements() < shape[0])
        return failure(ErrorCode::bad_format, found->first, ": is ", to_string(shape),
                       ", expected 4 output channels a box");
      swap_axes_of_boxes(weights.parameters, found->second);
    }

  const std::string why = "what the Caffe network that these names come from does";
  reading.decisions.push_back({"architecture SSDLite on MobileNet V2",
                               "the tensors are named as the Caffe and ncnn port of TensorFlow's network names them"});
  reading.decisions.push_back(
      {"TensorFlow's SAME padding of a 300x300 input at any size, biases instead of batch norm", why});
  reading.decisions.push_back({"integer weights are computed with in float", "each output channel has its scale"});
  reading.decisions.push_back(
      {"input of 300x300: the whole picture, Pillow's bilinear, BGR, (byte - 127.5) / 127.5", why});
  reading.decisions.push_back(
      {"Caffe's prior boxes of 60 to 300 pixels at any input size, variances 0.1 and 0.2", why});
  reading.decisions.push_back(
      {"sigmoid scores from 0.35, suppression at 0.45 within each class", "what its author's demonstration does"});
  return reading;
}

}  // namespace

const Convention kNcnnSsdliteConvention{"ncnn", recognise, canonical_name, read, kLandmarks, ignores};

}  // namespace mobilenet
