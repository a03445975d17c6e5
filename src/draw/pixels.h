// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What is drawn on: the borrowed pixels of an upright picture.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

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

// Turns the picture upright first, where it is not.
Result<Pixels> upright_pixels(Image& picture);
// Refuses what cannot be written to.
Result<Pixels> pixels_of(const PixelBuffer& picture);

// A byte of a pixel with so much of 256 of a colour over it.
inline std::uint8_t blended(std::uint8_t below, std::uint8_t colour, int weight) {
  return static_cast<std::uint8_t>((below * (256 - weight) + colour * weight + 128) >> 8);
}

inline void blend(const Pixels& pixels, std::uint8_t* pixel, Colour colour, int weight) {
  pixel[pixels.red] = blended(pixel[pixels.red], colour.red, weight);
  pixel[1] = blended(pixel[1], colour.green, weight);
  pixel[pixels.blue] = blended(pixel[pixels.blue], colour.blue, weight);
}

// Rectangles and runs of pixels, quickly.
class Brush {
 public:
  Brush(const Pixels& pixels, Colour colour, int weight);

  void run(std::uint8_t* pixel, std::ptrdiff_t count) const;
  // Of whole pixels, as far as they are inside the picture.
  void fill(int left, int top, int right, int bottom) const;

 private:
  static constexpr int kBytes = 48;  // a whole number of pixels of either size, and of vectors

  Pixels pixels_;
  Colour colour_;
  int weight_;
  std::uint16_t keep_[kBytes], add_[kBytes];  // by byte: what of 256 stays, what is added
};

}  // namespace mobilenet::drawing
