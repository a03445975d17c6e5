// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The preprocessing as a sentence for people.

#include <algorithm>
#include <array>
#include <cstdint>
#include <locale>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>

#include "preprocess/picture_input.h"

namespace mobilenet {
namespace {

// 0.5, or (0.485, 0.456, 0.406) where the channels differ.
void write_per_channel(std::ostream& text, const std::array<float, 3>& values) {
  if (values[0] == values[1] && values[1] == values[2])
    text << values[0];
  else
    text << '(' << values[0] << ", " << values[1] << ", " << values[2] << ')';
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

std::ostream& operator<<(std::ostream& text, Side size) { return text << size.width << 'x' << size.height; }

// 127.5, or (124, 116, 104).
struct Fill {
  const std::array<float, 3>& bytes;
};

std::ostream& operator<<(std::ostream& text, Fill fill) {
  write_per_channel(text, fill.bytes);
  return text;
}

// A size of the spec at this input size.
int scaled(int size, int base, int input) {
  if (size == 0) return input;
  return base == 0 ? size : static_cast<int>(std::int64_t{size} * input / base);
}

void write_geometry(std::ostream& text, const PreprocessSpec& spec, Side input) {
  const std::string_view filter = name_of(spec.filter);
  const Side resized{scaled(spec.resize_height, spec.base_height, input.height),
                     scaled(spec.resize_width, spec.base_width, input.width)};
  const bool whole = resized.height == input.height && resized.width == input.width;
  switch (spec.mode) {
    case ResizeMode::crop: {
      const std::string_view part = input.height == input.width ? "centre square" : "centre in the input's proportions";
      if (spec.crop_fraction == 1)
        text << "the whole " << part << ", " << filter << " to " << input;
      else
        text << "the " << part << " of " << spec.crop_fraction << " of the shorter side, " << filter << " to " << input;
      return;
    }
    case ResizeMode::central_crop:
      text << "the central " << spec.crop_fraction << " of both sides, " << filter << " to " << input;
      return;
    case ResizeMode::shortest_edge:
      text << "the shorter side to " << std::min(resized.height, resized.width);
      if (spec.longest_edge > 0)
        text << " (the longer at most " << scaled(spec.longest_edge, spec.base_height, input.height) << ')';
      text << " by " << filter;
      if (spec.input_size == InputSize::of_picture)
        text << ", whatever the longer side becomes";
      else
        text << ", then the centre " << input;
      return;
    case ResizeMode::cover:
      text << "the whole picture by " << filter << " until it covers " << resized << ", then the centre " << input;
      return;
    case ResizeMode::fit:
      text << "the whole picture, " << filter << " into " << resized;
      if (!whole) text << ", then the centre " << input;
      text << ", bars around it filled with " << Fill{spec.fill};
      return;
    case ResizeMode::squash:
      text << "the whole picture, " << filter << " to " << resized;
      if (!whole) text << ", then the centre " << input;
      return;
    case ResizeMode::pad:
      text << "the whole picture, " << filter << " into " << input << ", the rest filled with " << Fill{spec.fill};
      return;
    case ResizeMode::keep:
      if (spec.input_size == InputSize::of_picture)
        text << "the picture as it is";
      else
        text << "the centre " << input << " of the picture as it is";
      return;
  }
}

void write_normalization(std::ostream& text, const PreprocessSpec& spec) {
  const bool shifted = spec.mean != std::array<float, 3>{};
  const bool divided = spec.deviation != std::array<float, 3>{1, 1, 1};
  if (shifted && divided) text << '(';
  text << "byte";
  if (spec.divide_by_255 || spec.rescale == 1.0f / 255)
    text << " / 255";
  else if (spec.rescale != 1)
    text << " * " << spec.rescale;
  if (shifted) {
    text << " - ";
    write_per_channel(text, spec.mean);
  }
  if (shifted && divided) text << ')';
  if (divided) {
    text << " / ";
    write_per_channel(text, spec.deviation);
  }
}

}  // namespace

std::string describe(const PreprocessSpec& spec, int height, int width, const InputElements& elements) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  if (spec.unknown.geometry.empty() && spec.unknown.filter.empty())
    write_geometry(text, spec, {height, width});
  else
    text << "unknown geometry";
  text << ", ";
  if (takes_bytes(spec, elements)) {
    text << (elements.type == DataType::i8 ? "byte - 128" : "the bytes as they are");
  } else if (!spec.unknown.encoding.empty()) {
    text << "unknown encoding";
  } else {
    write_normalization(text, spec);
    if (elements.type != DataType::f32) text << ", in the input's steps of " << elements.scale;
  }
  if (elements.channels == 1)
    text << ", in grey";
  else if (spec.swap_red_blue)
    text << ", in BGR order";
  if (elements.order == PixelOrder::planes && elements.channels > 1) text << ", plane by plane";
  return text.str();
}

}  // namespace mobilenet
