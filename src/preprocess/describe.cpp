// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The preprocessing as a sentence for people.

#include <algorithm>
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
    case ResizeFilter::pil_bilinear:
      return "PIL bilinear";
    case ResizeFilter::pil_bicubic:
      return "PIL bicubic";
    case ResizeFilter::tf_bilinear_legacy:
      return "TensorFlow 1 bilinear";
    case ResizeFilter::tf_bilinear_corners:
      return "TensorFlow 1 bilinear with aligned corners";
    case ResizeFilter::tf_bilinear_half_pixel:
      return "TensorFlow bilinear with half-pixel centres";
  }
  return "an unknown filter";
}

void write_geometry(std::ostream& text, const PreprocessSpec& spec, int height, int width) {
  const std::string_view filter = name_of(spec.filter);
  switch (spec.mode) {
    case ResizeMode::crop_square:
      text << "the centre square of " << spec.crop_fraction << " of the shorter side, " << filter << " to " << width
           << 'x' << height;
      return;
    case ResizeMode::central_crop:
      text << "the central " << spec.crop_fraction << " of both sides, " << filter << " to " << width << 'x' << height;
      return;
    case ResizeMode::shortest_edge_crop: {
      const std::int64_t edge =
          std::int64_t{std::min(height, width)} * spec.shortest_edge / std::max(spec.crop_size, 1);
      text << "the shorter side to " << edge << " by " << filter << ", then the centre " << width << 'x' << height;
      return;
    }
    case ResizeMode::squash:
      text << "the whole picture, " << filter << " to " << width << 'x' << height;
      return;
    case ResizeMode::pad:
      text << "the whole picture, " << filter << " into " << width << 'x' << height << ", the rest filled with "
           << spec.pad_byte;
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

std::string describe(const PreprocessSpec& spec, int height, int width) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  write_geometry(text, spec, height, width);
  text << ", ";
  switch (spec.encoding) {
    case InputEncoding::normalize:
      write_normalization(text, spec);
      break;
    case InputEncoding::raw_u8:
      text << "the bytes as they are";
      break;
    case InputEncoding::raw_i8:
      text << "byte - 128";
      break;
  }
  if (spec.swap_red_blue) text << ", in BGR order";
  return text.str();
}

}  // namespace mobilenet
