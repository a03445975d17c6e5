// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Noise in two planes, as video decoders give it.

#include <mobilenet/image.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "preprocess/noise_picture.h"
#include "support/stored_place.h"

namespace mobilenet::testing {

// In memory of exactly its size; the rows of both planes have gaps of their own, or run upwards.
class Nv12Picture {
 public:
  // quiet: samples near the middle, so that no colour has to be bounded to a byte.
  Nv12Picture(int width, int height, Orientation orientation, bool upwards, bool quiet = false) {
    view_.format = PixelFormat::nv12;
    view_.width = width, view_.height = height, view_.orientation = orientation;
    for (std::size_t p = 0; p < 2; ++p) {
      const int row = row_bytes(p), gap = p == 0 ? 5 : 2, rows = p == 0 ? height : (height + 1) / 2;
      std::vector<std::uint8_t>& plane = planes_[p];
      plane = NoisePicture(row + gap, rows, static_cast<unsigned>(p) + 5).rgb;
      plane.resize(static_cast<std::size_t>(row + gap) * static_cast<std::size_t>(rows) -
                   static_cast<std::size_t>(gap));
      plane.shrink_to_fit();
      for (std::uint8_t& sample : plane)
        if (quiet) sample = static_cast<std::uint8_t>(p == 0 ? 100 + sample % 56 : 114 + sample % 28);
      view_.planes[p] = plane.data() + (upwards ? static_cast<std::ptrdiff_t>(row + gap) * (rows - 1) : 0);
      view_.row_bytes[p] = upwards ? -(row + gap) : row + gap;
    }
  }
  const ImageView& view() const { return view_; }
  ImageView view(ColourMatrix matrix, ColourRange range) const {
    ImageView view = view_;
    view.matrix = matrix, view.range = range;
    return view;
  }
  // Upright, of the luma (component 0), of the blue (1) and the red colours (2).
  int width(int component) const { return is_turned() ? stored_height(component) : stored_width(component); }
  int height(int component) const { return is_turned() ? stored_width(component) : stored_height(component); }
  int at(int component, int x, int y) const {
    const auto [column, row] = stored_place(view_.orientation, x, y, stored_width(component), stored_height(component));
    const std::size_t plane = component == 0 ? 0 : 1;
    const std::ptrdiff_t in_row = component == 0 ? column : 2 * column + component - 1;
    return static_cast<const std::uint8_t*>(view_.planes[plane])[row * view_.row_bytes[plane] + in_row];
  }

 private:
  bool is_turned() const { return view_.orientation >= Orientation::transpose; }
  int stored_width(int component) const { return component == 0 ? view_.width : (view_.width + 1) / 2; }
  int stored_height(int component) const { return component == 0 ? view_.height : (view_.height + 1) / 2; }
  int row_bytes(std::size_t plane) const { return plane == 0 ? view_.width : (view_.width + 1) / 2 * 2; }

  std::array<std::vector<std::uint8_t>, 2> planes_;
  ImageView view_;
};

}  // namespace mobilenet::testing
