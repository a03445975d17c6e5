// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Noise as luma and colours, in every format that cameras and video decoders give them in.

#include <mobilenet/image.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pictures/upright_pixels.h"
#include "preprocess/noise_picture.h"
#include "support/stored_place.h"

namespace mobilenet::testing {

inline constexpr PixelFormat kYcbcrFormats[] = {PixelFormat::nv12, PixelFormat::nv21, PixelFormat::nv16,
                                                PixelFormat::i420, PixelFormat::i422, PixelFormat::i444,
                                                PixelFormat::yuyv, PixelFormat::uyvy, PixelFormat::p010};

// In memory of exactly its size; the rows of each plane have gaps of their own, or run upwards.
class YcbcrPicture {
 public:
  // quiet: samples near the middle, so that no colour has to be bounded to a byte.
  YcbcrPicture(PixelFormat format, int width, int height, Orientation orientation, bool upwards, bool quiet = false) {
    view_.format = format;
    view_.width = width, view_.height = height, view_.orientation = orientation;
    for (std::size_t p = 0; p < 3; ++p) {
      int row = 0, rows = 0;
      for (std::size_t form = 0; form < plane_count(format); ++form) {
        const PlaneForm plane = plane_form(format, width, height, form);
        if (plane.image_plane == p) row = std::max(row, plane.width * plane.pixel_bytes), rows = plane.height;
      }
      if (rows == 0) continue;
      // Those of two planes of colours differ, or are the same.
      const int stride = row + (p == 0 ? 5 : p == 1 || upwards ? 2 : 7);
      std::vector<std::uint8_t>& bytes = planes_[p];
      bytes = NoisePicture(stride, rows, static_cast<unsigned>(p) + 5).rgb;
      bytes.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(rows - 1) +
                   static_cast<std::size_t>(row));
      bytes.shrink_to_fit();
      view_.planes[p] = bytes.data() + (upwards ? std::ptrdiff_t{stride} * (rows - 1) : 0);
      view_.row_bytes[p] = upwards ? -stride : stride;
    }
    for (int component = 0; quiet && component < 3; ++component)
      for (int y = 0; y < form_of(component).height; ++y)
        for (int x = 0; x < form_of(component).width; ++x) {
          std::uint8_t& sample = *const_cast<std::uint8_t*>(stored(component, x, y));
          sample = static_cast<std::uint8_t>(component == 0 ? 100 + sample % 56 : 114 + sample % 28);
        }
  }
  // Every sample black or white: is_white(component, x, y), as stored.
  template <class IsWhite>
  void fill(const IsWhite& is_white) {
    for (int component = 0; component < 3; ++component)
      for (int y = 0; y < form_of(component).height; ++y)
        for (int x = 0; x < form_of(component).width; ++x)
          *const_cast<std::uint8_t*>(stored(component, x, y)) = is_white(component, x, y) ? 255 : 0;
  }
  const ImageView& view() const { return view_; }
  ImageView view(ColourMatrix matrix, ColourRange range) const {
    ImageView view = view_;
    view.matrix = matrix, view.range = range;
    return view;
  }
  // Upright, of the luma (component 0), of the blue (1) and the red colours (2).
  int width(int component) const { return is_turned() ? form_of(component).height : form_of(component).width; }
  int height(int component) const { return is_turned() ? form_of(component).width : form_of(component).height; }
  int at(int component, int x, int y) const {
    const PlaneForm form = form_of(component);
    const auto [column, row] = stored_place(view_.orientation, x, y, form.width, form.height);
    return *stored(component, column, row);
  }

 private:
  bool is_turned() const { return view_.orientation >= Orientation::transpose; }
  PlaneForm form_of(int component) const {
    const std::size_t planes = plane_count(view_.format);
    const std::size_t plane =
        component == 0 ? 0 : std::min<std::size_t>(static_cast<std::size_t>(component), planes - 1);
    return plane_form(view_.format, view_.width, view_.height, plane);
  }
  const std::uint8_t* stored(int component, int column, int row) const {
    const PlaneForm form = form_of(component);
    const bool second = component == 2 && plane_count(view_.format) == 2;  // of two that share a pixel
    return static_cast<const std::uint8_t*>(view_.planes[form.image_plane]) + row * view_.row_bytes[form.image_plane] +
           std::ptrdiff_t{column} * form.pixel_bytes + form.offsets[second ? 1 : 0];
  }

  std::array<std::vector<std::uint8_t>, 3> planes_;
  ImageView view_;
};

}  // namespace mobilenet::testing
