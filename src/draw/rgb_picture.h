// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What is drawn on: the borrowed pixels of an upright picture.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>

namespace mobilenet::drawing {

struct RgbPicture {
  int width = 0, height = 0;
  std::uint8_t* rgb = nullptr;  // [height][width][3], rows without padding

  std::uint8_t* pixel(int x, int y) const { return rgb + 3 * (std::ptrdiff_t{y} * width + x); }
};

// Turns the picture upright first, where it is not.
Result<RgbPicture> upright_pixels(Image& picture);

}  // namespace mobilenet::drawing
