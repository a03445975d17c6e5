// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What is drawn on: the borrowed pixels of an upright picture, in any order of red, green and blue.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "draw/palette.h"

namespace mobilenet::drawing {

struct Pixels {
  int width = 0, height = 0;
  std::uint8_t* first = nullptr;
  std::ptrdiff_t row_bytes = 0;
  int pixel_bytes = 3, red = 0, blue = 2;  // of a pixel, of which green is the second byte

  std::uint8_t* at(int x, int y) const { return first + y * row_bytes + std::ptrdiff_t{x} * pixel_bytes; }
};

// Refuses what cannot be written to.
Result<Pixels> pixels_of(const PixelBuffer& picture);

// So much of 256.
inline int weight_of(double opacity) { return static_cast<int>(std::lround(256 * opacity)); }

// A byte of a pixel with so much of 256 of a colour over it.
inline std::uint8_t blended(std::uint8_t below, std::uint8_t colour, int weight) {
  return static_cast<std::uint8_t>((below * (256 - weight) + colour * weight + 128) >> 8);
}

inline void blend(const Pixels& pixels, std::uint8_t* pixel, Colour colour, int weight) {
  // All is read before anything is written, which compilers take for a change of everything.
  const int at_red = pixels.red, at_blue = pixels.blue;
  const std::uint8_t red = blended(pixel[at_red], colour.red, weight);
  const std::uint8_t green = blended(pixel[1], colour.green, weight);
  const std::uint8_t blue = blended(pixel[at_blue], colour.blue, weight);
  pixel[at_red] = red, pixel[1] = green, pixel[at_blue] = blue;
}

// The same for runs of pixels and rectangles of them, with vectors.
class Brush {
 public:
  Brush() = default;
  Brush(const Pixels& pixels, Colour colour, int weight);

  void run(std::uint8_t* pixel, std::ptrdiff_t count) const;
  // Of whole pixels, as far as they are inside the picture.
  void fill(const Pixels& pixels, int left, int top, int right, int bottom) const;

 private:
  static constexpr int kBytes = 48;  // a whole number of pixels of either size, and of vectors

  int pixel_bytes_ = 3;
  std::array<std::uint16_t, kBytes> keep_{}, add_{};  // by byte: what of 256 stays, what is added
};

}  // namespace mobilenet::drawing
