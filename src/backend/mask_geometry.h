// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the pixels of a picture lie among the cells of a segmenter's logits, for whoever computes a MaskEnd.

#include <algorithm>
#include <cmath>

#include "postprocess/mask.h"
#include "preprocess/geometry.h"
#include "spec/segmentation_spec.h"

namespace mobilenet {

// Through the network's input, whose pixels have their centres at i + 0.5, and then as the source framework enlarges.
inline MaskAxis mask_axis(const AxisGeometry& axis, const SegmentationSpec& spec, int cells, int input, int pixels) {
  const double scale = static_cast<double>(axis.resized) / axis.crop_size;
  const double input_offset = (0.5 - axis.crop_begin) * scale - axis.window_begin + axis.output_begin - 0.5;
  double step = static_cast<double>(cells) / input, shift = 0;
  switch (spec.enlargement) {
    case Enlargement::align_corners:
      step = input > 1 ? static_cast<double>(cells - 1) / (input - 1) : 0;
      break;
    case Enlargement::half_pixel_centers:
      shift = 0.5 * step - 0.5;
      break;
    case Enlargement::top_left:
      break;
  }
  return {input_offset * step + shift, scale * step, pixels, cells};
}

// Pixels begin..end of the picture that the network's input covers.
struct SeenRange {
  SeenRange(const AxisGeometry& axis, int pixels) {
    const PictureCoordinate to_picture(axis);
    const double first = to_picture(axis.output_begin), last = to_picture(axis.output_begin + axis.window_size);
    begin = std::clamp(static_cast<int>(std::lround(first)), 0, pixels);
    end = std::clamp(static_cast<int>(std::lround(last)), begin, pixels);
  }
  int begin = 0, end = 0;
};

}  // namespace mobilenet
