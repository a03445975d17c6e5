// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A picture stored as a turned camera stores it: other pixels and EXIF's number, the same once upright.

#include <mobilenet/image.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "support/stored_place.h"

namespace mobilenet::testing {

inline constexpr Orientation kOrientations[] = {
    Orientation::upright,   Orientation::flip_horizontal, Orientation::rotate_180, Orientation::flip_vertical,
    Orientation::transpose, Orientation::rotate_90,       Orientation::transverse, Orientation::rotate_270};

class TurnedPicture {
 public:
  // `upright` is packed RGB without orientation and without padding.
  TurnedPicture(const ImageView& upright, Orientation orientation)
      : width_(upright.width), height_(upright.height), orientation_(orientation) {
    if (orientation >= Orientation::transpose) std::swap(width_, height_);
    const auto* pixels = static_cast<const std::uint8_t*>(upright.planes[0]);
    rgb_.resize(3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
    for (int y = 0; y < upright.height; ++y)
      for (int x = 0; x < upright.width; ++x) {
        const auto [stored_x, stored_y] = stored_place(orientation, x, y, width_, height_);
        const std::size_t from =
            3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(upright.width) + static_cast<std::size_t>(x));
        const std::size_t to = 3 * (static_cast<std::size_t>(stored_y) * static_cast<std::size_t>(width_) +
                                    static_cast<std::size_t>(stored_x));
        for (std::size_t c = 0; c < 3; ++c) rgb_[to + c] = pixels[from + c];
      }
  }

  ImageView view() const {
    ImageView view = ImageView::packed(rgb_.data(), PixelFormat::rgb, width_, height_);
    view.orientation = orientation_;
    return view;
  }

 private:
  int width_, height_;
  Orientation orientation_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace mobilenet::testing
