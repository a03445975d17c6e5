// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/picture_decisions.h"

#include <cmath>
#include <string>
#include <utility>

#include "base/text.h"
#include "formats/tflite/export_family.h"
#include "formats/tflite/input_range.h"
#include "network/parameter.h"
#include "network/picture_axes.h"
#include "spec/input_encoding.h"

namespace mobilenet::tflite {
namespace {

// y = scale x + shift
struct Rescaling {
  double scale = 1;
  double shift = 0;
};

// What a sum, difference, product or quotient of x and a constant does to x; none for others.
std::optional<Rescaling> rescaling_of(BinaryKind kind, double constant, bool constant_first) {
  if (kind == BinaryKind::add) return Rescaling{1, constant};
  if (kind == BinaryKind::multiply) return Rescaling{constant, 0};
  if (kind == BinaryKind::subtract) return constant_first ? Rescaling{-1, constant} : Rescaling{1, -constant};
  if (kind == BinaryKind::divide && !constant_first && constant != 0) return Rescaling{1 / constant, 0};
  return std::nullopt;
}

// The MUL, ADD, SUB and DIV that the graph itself applies to its input, none when it has none; of the first channel.
std::optional<Rescaling> rescaling_in_graph(const GraphReading& model) {
  Rescaling total;
  bool found = false;
  TensorId id = model.graph.network.inputs[0];
  const auto number = [&](TensorId constant) {
    const Parameter& parameter = model.graph.parameters.of(model.graph.network.tensor(constant));
    return stored_value(parameter, 0);
  };
  for (const Node& node : model.graph.network.nodes) {
    std::optional<Rescaling> step;
    const Network& network = model.graph.network;
    const auto* binary = std::get_if<BinaryOp>(&node.op);
    if (std::holds_alternative<BatchNormOp>(node.op) && node.inputs[0] == id) {
      const double gamma = number(node.inputs[1]);
      step = {gamma, number(node.inputs[2]) - number(node.inputs[3]) * gamma};
    } else if (binary != nullptr && binary->activation == Activation::none) {
      const std::size_t constant = network.is_constant(node.inputs[0]) ? 0 : 1;
      if (network.is_constant(node.inputs[constant]) && node.inputs[1 - constant] == id)
        step = rescaling_of(binary->kind, number(node.inputs[constant]), constant == 0);
    } else if (node.inputs[0] == id &&
               (std::holds_alternative<TransposeOp>(node.op) || std::holds_alternative<ReshapeOp>(node.op))) {
      id = node.output;  // planes are made pixels first
    }
    if (!step) continue;
    total = {total.scale * step->scale, total.shift * step->scale + step->shift};
    found = true;
    id = node.output;
  }
  return found ? std::optional(total) : std::nullopt;
}

// What a quantised tensor can hold; none where it does not say its scale.
std::optional<Range> range_of(const Tensor& integers) {
  if (!integers.quantization || integers.quantization->scales.empty()) return std::nullopt;
  const ChannelQuantization q = channel_quantization(integers, 0);
  const double lowest = integers.type == DataType::i8 ? -128 : 0, scale = static_cast<double>(q.scale);
  return Range{scale * (lowest - q.zero_point), scale * (lowest + 255 - q.zero_point)};
}

// What the operator that turns the float input into integers can hold; none when there is no such operator.
std::optional<Range> quantized_range(const Network& network) {
  for (const Node& node : network.nodes)
    if (std::holds_alternative<QuantizeOp>(node.op) && node.inputs[0] == network.inputs[0])
      return range_of(network.tensor(node.output));
  return std::nullopt;
}

// A network wants numbers of a few units around 0: whichever input range its own first operators bring there is right.
EncodingChoice choose_by_rescaling(const Rescaling& rescaling) {
  constexpr double kFewUnits = 16, kBytes = 16;
  const double zero = rescaling.scale == 0 ? 0 : -rescaling.shift / rescaling.scale;  // what becomes 0
  if (std::abs(rescaling.scale) * 255 <= kFewUnits)
    return {PixelEncoding::bytes(), "0 to 255 as floats, because the graph itself rescales its input"};
  if (zero > kBytes)
    return {PixelEncoding::bytes(),
            text("0 to 255 as floats, because the graph itself subtracts ", zero, " from its input")};
  constexpr double kMiddleOfSigned = 0.1;
  const bool around_zero = rescaling.shift != 0 && zero < kMiddleOfSigned;
  if (around_zero)
    return {PixelEncoding::minus_one_to_one(),
            "(byte - 127.5) / 127.5, because the graph itself rescales an input of -1 to 1"};
  return {PixelEncoding::unit(), "byte / 255, because the graph itself rescales an input of 0 to 1"};
}

EncodingChoice choose_by_metadata(const PixelEncoding& normalization) {
  return {normalization, text("(byte - ", normalization.mean[0], ") / ", normalization.deviation[0],
                              ", because the file's metadata says so")};
}

EncodingChoice choose_by_family(const GraphReading& model) {
  switch (export_family(model.graph.network)) {
    case ExportFamily::tf_slim:
      return {PixelEncoding::minus_one_to_one(),
              "(byte - 127.5) / 127.5, because the tensors are named as TensorFlow's own MobileNets, which want that"};
    case ExportFamily::teachable_machine:
      return {PixelEncoding::minus_one_to_one(),
              "(byte - 127.5) / 127.5, because the tensors are named as Teachable Machine names them"};
    case ExportFamily::tf_hub:
      return {PixelEncoding::unit(),
              "byte / 255, because the tensors are named as those of TensorFlow Hub, whose "
              "networks want that",
              true};
    case ExportFamily::keras: {
      // Whole published networks are exported as they are; those with a head of one's own come from training scripts,
      // most of which divide by 255.
      constexpr int kImageNet = 1000;
      if (model.spec.classes > 0 && model.spec.classes != kImageNet && model.spec.classes != kImageNet + 1)
        return {PixelEncoding::unit(), "byte / 255, because most scripts that train a Keras network do that", true};
      break;
    }
    case ExportFamily::pytorch:
      return {
          kImageNetEncoding,
          "ImageNet's mean and deviation, because the tensors are named as converters from PyTorch name them, whose "
          "networks want that",
          true};
    case ExportFamily::unknown:
      break;
  }
  return {PixelEncoding::minus_one_to_one(),
          "(byte - 127.5) / 127.5, because that is what most MobileNets with float inputs want", true};
}

EncodingChoice choose_for_floats(const GraphReading& model, const std::optional<ModelMetadata>& metadata) {
  if (metadata && metadata->normalization) return choose_by_metadata(*metadata->normalization);
  if (const auto rescaling = rescaling_in_graph(model)) return choose_by_rescaling(*rescaling);
  if (const auto range = quantized_range(model.graph.network)) {
    EncodingChoice choice = choose_by_range(*range);
    choice.why += text(", because the graph quantises its input from ", range->low, " to ", range->high);
    return choice;
  }
  return choose_by_family(model);
}

EncodingChoice choose_for_integers(const Tensor& input, const std::optional<ModelMetadata>& metadata) {
  const std::string bytes = input.type == DataType::i8 ? "byte - 128, because the input is of type i8"
                                                       : "the picture's bytes, because the input is of type u8";
  const auto range = range_of(input);
  if (!range) return {PixelEncoding::bytes(), bytes};  // which takes_bytes() knows too
  EncodingChoice choice = choose_by_range(*range);
  if (metadata && metadata->normalization && fits(*metadata->normalization, *range))
    choice = choose_by_metadata(*metadata->normalization);
  PreprocessSpec spec;
  set_encoding(choice.encoding, spec);
  const ChannelQuantization q = channel_quantization(input, 0);
  if (takes_bytes(spec, {input.type, q.scale, q.zero_point}))
    choice.why = bytes;
  else
    choice.why += text(", because the input holds ", range->low, " to ", range->high);
  return choice;
}

void decide_geometry(GraphReading& model) {
  ModelSpec& spec = model.spec;
  const Tensor& input = model.graph.network.tensor(model.graph.network.inputs[0]);
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.filter = ResizeFilter::pil_bilinear;
  if (spec.segmentation.classes > 0) {
    preprocess.mode = ResizeMode::pad;
    // Padding is the network's zero.
    const ChannelQuantization q = channel_quantization(input, 0);
    if (input.type == DataType::u8) preprocess.fill.fill(static_cast<float>(q.zero_point));
    if (input.type == DataType::i8) preprocess.fill.fill(static_cast<float>(q.zero_point + 128));
    model.decisions.push_back({"resize",
                               "the longer side to the input's, Pillow's bilinear, the rest padded with the "
                               "network's zero, as Google's segmenters want it"});
  } else if (spec.architecture == Architecture::graph && spec.classes == 0) {
    preprocess.mode = ResizeMode::squash;
    model.decisions.push_back(
        {"resize", "the whole picture, Pillow's bilinear, because the network looks for objects anywhere"});
  } else if (export_family(model.graph.network) == ExportFamily::teachable_machine) {
    preprocess.mode = ResizeMode::crop;
    preprocess.crop_fraction = 1;
    model.decisions.push_back({"resize",
                               "the whole centre square, Pillow's bilinear, because the tensors are named as "
                               "Teachable Machine names them, which takes that"});
  } else {
    preprocess.mode = ResizeMode::crop;
    model.decisions.push_back({"resize",
                               "centre square of 0.875 of the shorter side, then Pillow's bilinear, because "
                               "the network looks at one object"});
  }
}

}  // namespace

void decide_picture_input(const std::optional<ModelMetadata>& metadata, GraphReading& model) {
  const Tensor& input = model.graph.network.tensor(model.graph.network.inputs[0]);
  const auto axes = picture_axes(model.graph.network);
  if (!axes) {
    model.decisions.push_back({"input", text("not a picture: ", model.graph.network.inputs.size(),
                                             " inputs, the first ", to_string(input.shape))});
    return;
  }
  if (input.shape[axes->channels] == 1)
    model.decisions.push_back(
        {"channels", "grey, as Pillow's convert(\"L\") has it, because the input is " + to_string(input.shape)});
  if (axes->order == PixelOrder::planes)
    model.decisions.push_back(
        {"layout", "plane by plane, because the channels of the input, " + to_string(input.shape) + ", come first"});
  decide_geometry(model);
  EncodingChoice choice = input.type == DataType::u8 || input.type == DataType::i8
                              ? choose_for_integers(input, metadata)
                              : choose_for_floats(model, metadata);
  set_encoding(choice.encoding, model.spec.preprocess);
  if (choice.is_guess) choice.why += "; a guess, for the file does not say it: --encoding or ModelOptions can";
  model.decisions.push_back({"encoding", std::move(choice.why), choice.is_guess});
}

}  // namespace mobilenet::tflite
