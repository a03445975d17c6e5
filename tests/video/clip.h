// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Clips that tests make: each frame says in its pixels which one it is.

#include <mobilenet/video.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mobilenet::testing {

// A grey picture whose number stands in its left half as eight rows, white for ones; the right half is red above, green
// in the middle, blue below. Large areas survive a lossy codec.
class NumberedFrame {
 public:
  NumberedFrame(int width, int height, int number) : width_(width), height_(height) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int bit = number >> (8 * y / height) & 1;
        const int band = 3 * y / height;
        const auto level = [&](int channel) {
          if (x < width / 2) return bit != 0 ? 220 : 30;
          return band == channel ? 200 : 40;
        };
        for (const int channel : {0, 1, 2}) rgb_.push_back(static_cast<std::uint8_t>(level(channel)));
      }
    }
  }
  ImageView view() const { return ImageView::packed(rgb_.data(), PixelFormat::rgb, width_, height_); }

 private:
  int width_, height_;
  std::vector<std::uint8_t> rgb_;
};

inline std::array<int, 3> rgb_at(const ImageView& view, int x, int y) {
  const auto* const pixel = static_cast<const std::uint8_t*>(view.planes[0]) + y * view.row_bytes[0] + 3 * x;
  return {pixel[0], pixel[1], pixel[2]};
}

// Of a frame as it is stored, in RGB.
inline int number_of(const ImageView& view) {
  int number = 0;
  for (int bit = 0; bit < 8; ++bit) {
    const int y = (2 * bit + 1) * view.height / 16;
    if (rgb_at(view, view.width / 4, y)[1] > 128) number |= 1 << bit;
  }
  return number;
}

// Seconds of frame `number` of a clip whose frames do not come at an even pace.
inline double uneven_time(int number) { return number * 0.04 + (number % 3) * 0.01; }

inline void write_clip(const std::filesystem::path& path, int width, int height, int frames) {
  VideoWriter writer = VideoWriter::create(path, {.width = width, .height = height, .fps = 25}).value();
  for (int i = 0; i < frames; ++i) writer.write(NumberedFrame(width, height, i).view(), uneven_time(i)).value();
  writer.finish().value();
}

}  // namespace mobilenet::testing
