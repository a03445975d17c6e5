// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The preprocessing as a sentence for people.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "preprocess/picture_input.h"

namespace mobilenet {
namespace {

// 0.5, or (0.485, 0.456, 0.406) where the channels differ.
std::string per_channel(const std::array<float, 3>& values) {
  if (values[0] == values[1] && values[1] == values[2]) return text(values[0]);
  return text('(', values[0], ", ", values[1], ", ", values[2], ')');
}

std::string_view name_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::pil_nearest:
      return "PIL nearest";
    case ResizeFilter::pil_box:
      return "PIL box";
    case ResizeFilter::pil_bilinear:
      return "PIL bilinear";
    case ResizeFilter::pil_hamming:
      return "PIL Hamming";
    case ResizeFilter::pil_bicubic:
      return "PIL bicubic";
    case ResizeFilter::pil_lanczos:
      return "PIL Lanczos";
    case ResizeFilter::tf_bilinear_legacy:
      return "TensorFlow 1 bilinear";
    case ResizeFilter::tf_bilinear_corners:
      return "TensorFlow 1 bilinear with aligned corners";
    case ResizeFilter::tf_bilinear_half_pixel:
      return "TensorFlow bilinear with half-pixel centres";
  }
  return "an unknown filter";
}

struct Side {
  int height, width;
};

std::string in_words(Side size) { return text(size.width, 'x', size.height); }

// A size of the spec at this input size.
int scaled(int size, int base, int input) {
  if (size == 0) return input;
  return base == 0 ? size : static_cast<int>(std::int64_t{size} * input / base);
}

std::string geometry_of(const PreprocessSpec& spec, Side side) {
  const std::string_view filter = name_of(spec.filter);
  const Side size{scaled(spec.resize_height, spec.base_height, side.height),
                  scaled(spec.resize_width, spec.base_width, side.width)};
  const std::string input = in_words(side), resized = in_words(size);
  const std::string centre = resized == input ? "" : text(", then the centre ", input);
  switch (spec.mode) {
    case ResizeMode::crop: {
      const std::string_view part = side.height == side.width ? "centre square" : "centre in the input's proportions";
      if (spec.crop_fraction == 1) return text("the whole ", part, ", ", filter, " to ", input);
      return text("the ", part, " of ", spec.crop_fraction, " of the shorter side, ", filter, " to ", input);
    }
    case ResizeMode::central_crop:
      return text("the central ", spec.crop_fraction, " of both sides, ", filter, " to ", input);
    case ResizeMode::shortest_edge: {
      std::string words = text("the shorter side to ", std::min(size.height, size.width));
      if (spec.longest_edge > 0)
        words += text(" (the longer at most ", scaled(spec.longest_edge, spec.base_height, side.height), ')');
      words += text(" by ", filter);
      return words + (spec.input_size == InputSize::of_picture ? ", whatever the longer side becomes"
                                                               : text(", then the centre ", input));
    }
    case ResizeMode::cover:
      return text("the whole picture by ", filter, " until it covers ", resized, ", then the centre ", input);
    case ResizeMode::fit:
      return text("the whole picture, ", filter, " into ", resized, centre, ", bars around it filled with ",
                  per_channel(spec.fill));
    case ResizeMode::squash:
      return text("the whole picture, ", filter, " to ", resized, centre);
    case ResizeMode::pad:
      return text("the whole picture, ", filter, " into ", input, ", the rest filled with ", per_channel(spec.fill));
    case ResizeMode::keep:
      if (spec.input_size == InputSize::of_picture) return "the picture as it is";
      return text("the centre ", input, " of the picture as it is");
  }
  return {};
}

std::string normalization_of(const PreprocessSpec& spec) {
  std::string words = "byte";
  if (spec.divide_by_255 || spec.rescale == 1.0f / 255)
    words += " / 255";
  else if (spec.rescale != 1)
    words += text(" * ", spec.rescale);
  const bool shifted = spec.mean != std::array<float, 3>{};
  const bool divided = spec.deviation != std::array<float, 3>{1, 1, 1};
  if (shifted) words += text(" - ", per_channel(spec.mean));
  if (shifted && divided) words = text('(', words, ')');
  if (divided) words += text(" / ", per_channel(spec.deviation));
  return words;
}

}  // namespace

std::string describe(const PreprocessSpec& spec, int height, int width, const InputElements& elements) {
  std::string words = spec.unknown.geometry.empty() && spec.unknown.filter.empty() ? geometry_of(spec, {height, width})
                                                                                   : "unknown geometry";
  words += ", ";
  if (takes_bytes(spec, elements)) {
    words += elements.type == DataType::i8 ? "byte - 128" : "the bytes as they are";
  } else if (!spec.unknown.encoding.empty()) {
    words += "unknown encoding";
  } else {
    words += normalization_of(spec);
    if (elements.type != DataType::f32) words += text(", in the input's steps of ", elements.scale);
  }
  if (elements.channels == 1)
    words += ", in grey";
  else if (spec.swap_red_blue)
    words += ", in BGR order";
  if (elements.order == PixelOrder::planes && elements.channels > 1) words += ", plane by plane";
  return words;
}

}  // namespace mobilenet
