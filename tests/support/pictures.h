// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures made of numbers, for tests that need any picture at all.

#include <mobilenet/image.h>

#include <cstdint>
#include <vector>

namespace mobilenet::testing {

// Smooth gradients with some structure, so that resizing and cropping matter.
class TestPicture {
 public:
  TestPicture(int width, int height) : width_(width), height_(height) {
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (const int value : {x * 255 / width, y * 255 / height, (x * y + 3 * x) % 256})
          rgb_.push_back(static_cast<std::uint8_t>(value));
  }
  ImageView view() const { return ImageView::packed(rgb_.data(), PixelFormat::rgb, width_, height_); }

 private:
  int width_, height_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace mobilenet::testing
