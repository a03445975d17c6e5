// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/picture_decisions.h"

#include <cmath>
#include <string>
#include <utility>

#include "base/text.h"
#include "network/parameter.h"

namespace mobilenet::tflite {
namespace {

const Tensor& tensor(const Network& network, TensorId id) { return network.tensors[static_cast<std::size_t>(id)]; }

// y = scale x + shift
struct Rescaling {
  double scale = 1;
  double shift = 0;
};

// The MUL, ADD and SUB that the graph itself applies to its input, none when it has none; of the first channel.
std::optional<Rescaling> rescaling_in_graph(const LoadedModel& model) {
  Rescaling total;
  bool found = false;
  TensorId id = model.network.inputs[0];
  const auto number = [&](TensorId constant) {
    const Parameter& parameter =
        model.parameters.values[static_cast<std::size_t>(tensor(model.network, constant).parameter)];
    return stored_value(parameter, 0);
  };
  for (const Node& node : model.network.nodes) {
    if (!std::holds_alternative<BatchNormOp>(node.op) || node.inputs[0] != id) continue;
    const double gamma = number(node.inputs[1]);
    const double shift = number(node.inputs[2]) - number(node.inputs[3]) * gamma;
    total = {total.scale * gamma, total.shift * gamma + shift};
    found = true;
    id = node.output;
  }
  return found ? std::optional(total) : std::nullopt;
}

struct Range {
  double low = 0;
  double high = 0;
};

// What the operator that turns the float input into integers can hold; none when there is no such operator.
std::optional<Range> quantized_range(const Network& network) {
  for (const Node& node : network.nodes) {
    if (!std::holds_alternative<QuantizeOp>(node.op) || node.inputs[0] != network.inputs[0]) continue;
    const Tensor& integers = tensor(network, node.output);
    const ChannelQuantization q = channel_quantization(integers, 0);
    const int lowest = integers.type == DataType::i8 ? -128 : 0;
    const double scale = q.scale;
    return Range{scale * (lowest - q.zero_point), scale * (lowest + 255 - q.zero_point)};
  }
  return std::nullopt;
}

void normalize(PreprocessSpec& preprocess, float mean, float deviation) {
  preprocess.encoding = InputEncoding::normalize;
  preprocess.rescale = 1;
  preprocess.mean = {mean, mean, mean};
  preprocess.deviation = {deviation, deviation, deviation};
}

void normalize_unit(PreprocessSpec& preprocess) { normalize(preprocess, 0, 255); }            // 0..1
void normalize_signed(PreprocessSpec& preprocess) { normalize(preprocess, 127.5f, 127.5f); }  // -1..1
void normalize_none(PreprocessSpec& preprocess) { normalize(preprocess, 0, 1); }              // 0..255

// How a byte becomes a float, and why.
std::string decide_float_encoding(const LoadedModel& model, const std::optional<ModelMetadata>& metadata,
                                  PreprocessSpec& preprocess) {
  if (metadata && metadata->normalization) {
    normalize_none(preprocess);
    preprocess.mean = metadata->normalization->mean;
    preprocess.deviation = metadata->normalization->deviation;
    return text("(byte - ", preprocess.mean[0], ") / ", preprocess.deviation[0],
                ", because the file's metadata says so");
  }
  // A network wants numbers of a few units: whichever input range its own first operators bring there is the right one.
  if (const auto rescaling = rescaling_in_graph(model)) {
    constexpr double kFewUnits = 16;
    if (std::abs(rescaling->scale) * 255 <= kFewUnits) {
      normalize_none(preprocess);
      return "0 to 255 as floats, because the graph itself rescales its input";
    }
    normalize_unit(preprocess);
    return "byte / 255, because the graph itself rescales an input of 0 to 1";
  }
  if (const auto range = quantized_range(model.network)) {
    constexpr double kBytes = 64;  // ranges in use are about 2, 1 and 255
    if (range->high - range->low > kBytes) {
      normalize_none(preprocess);
      return text("0 to 255 as floats, because the graph quantises its input from ", range->low, " to ", range->high);
    }
    if (-range->low < range->high / 4) {
      normalize_unit(preprocess);
      return text("byte / 255, because the graph quantises its input from ", range->low, " to ", range->high);
    }
  }
  normalize_signed(preprocess);
  return "(byte - 127.5) / 127.5, because that is what TensorFlow's MobileNets with float inputs want";
}

}  // namespace

void decide_picture_input(const std::optional<ModelMetadata>& metadata, LoadedModel& model) {
  ModelSpec& spec = model.spec;
  const Tensor& input = tensor(model.network, model.network.inputs[0]);
  if (model.network.inputs.size() != 1 || input.shape.rank() != 4 || input.shape[3] != 3) {
    model.decisions.push_back(
        {"input", text("not a picture: ", model.network.inputs.size(), " inputs, the first ", to_string(input.shape))});
    return;
  }
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.filter = ResizeFilter::pil_bilinear;
  const bool segments = spec.segmentation.classes > 0;
  const bool whole_network = spec.architecture != Architecture::graph || spec.classes > 0;
  preprocess.mode = segments ? ResizeMode::pad : whole_network ? ResizeMode::crop_square : ResizeMode::squash;
  if (segments) {
    // Padding is the network's zero.
    const ChannelQuantization q = channel_quantization(input, 0);
    if (input.type == DataType::u8) preprocess.pad_byte = static_cast<float>(q.zero_point);
    if (input.type == DataType::i8) preprocess.pad_byte = static_cast<float>(q.zero_point + 128);
  }
  model.decisions.push_back(
      {"resize",
       segments        ? "the longer side to the input's, Pillow's bilinear, the rest padded with the network's zero, "
                         "as Google's segmenters want it"
       : whole_network ? "centre square of 0.875 of the shorter side, then Pillow's bilinear, because the "
                         "network looks at one object"
                       : "the whole picture, Pillow's bilinear, because the network looks for objects anywhere"});

  std::string why;
  if (input.type == DataType::u8) {
    preprocess.encoding = InputEncoding::raw_u8;
    why = "the picture's bytes, because the input is of type u8";
  } else if (input.type == DataType::i8) {
    preprocess.encoding = InputEncoding::raw_i8;
    why = "byte - 128, because the input is of type i8";
  } else {
    why = decide_float_encoding(model, metadata, preprocess);
  }
  model.decisions.push_back({"encoding", std::move(why)});
}

}  // namespace mobilenet::tflite
