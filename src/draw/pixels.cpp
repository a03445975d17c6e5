// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/pixels.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/error.h"

namespace mobilenet::drawing {

Result<Pixels> pixels_of(const PixelBuffer& picture) {
  const bool four = picture.format == PixelFormat::rgba || picture.format == PixelFormat::bgra;
  const bool reversed = picture.format == PixelFormat::bgr || picture.format == PixelFormat::bgra;
  if (!four && !reversed && picture.format != PixelFormat::rgb)
    return failure(ErrorCode::invalid_argument, "only rgb, bgr, rgba and bgra are drawn on");
  if (picture.width < 1 || picture.height < 1 || !picture.pixels)
    return failure(ErrorCode::invalid_argument, "there are no pixels to draw on: ", picture.width, 'x', picture.height);
  const int pixel_bytes = four ? 4 : 3;
  const std::ptrdiff_t longest = std::numeric_limits<std::ptrdiff_t>::max() / picture.height;
  if (picture.height > 1 && (picture.row_bytes < -longest || picture.row_bytes > longest ||
                             std::abs(picture.row_bytes) < std::ptrdiff_t{picture.width} * pixel_bytes))
    return failure(ErrorCode::invalid_argument, "rows of ", picture.row_bytes, " bytes do not hold ", picture.width,
                   " pixels");
  return Pixels{picture.width,     picture.height, static_cast<std::uint8_t*>(picture.pixels),
                picture.row_bytes, pixel_bytes,    reversed ? 2 : 0,
                reversed ? 0 : 2};
}

Brush::Brush(const Pixels& pixels, Colour colour, int weight) : pixel_bytes_(pixels.pixel_bytes) {
  for (int i = 0; i < kBytes; ++i) {
    const int byte = i % pixels.pixel_bytes;
    const bool is_alpha = byte == 3;
    const int level = byte == 1 ? colour.green : byte == pixels.red ? colour.red : colour.blue;
    keep_[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(is_alpha ? 256 : 256 - weight);
    add_[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(is_alpha ? 0 : level * weight + 128);
  }
}

void Brush::run(std::uint8_t* pixel, std::ptrdiff_t count) const {
  const auto blend_bytes = [&](std::ptrdiff_t bytes) {
    for (std::ptrdiff_t i = 0; i < bytes; ++i) {
      const auto byte = static_cast<std::size_t>(i);
      pixel[i] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(pixel[i] * keep_[byte] + add_[byte]) >> 8);
    }
  };
  std::ptrdiff_t bytes = count * pixel_bytes_;
  for (; bytes >= kBytes; bytes -= kBytes, pixel += kBytes) blend_bytes(kBytes);
  blend_bytes(bytes);
}

void Brush::fill(const Pixels& pixels, int left, int top, int right, int bottom) const {
  left = std::max(left, 0), right = std::min(right, pixels.width);
  if (left >= right) return;
  for (int y = std::max(top, 0); y < std::min(bottom, pixels.height); ++y) run(pixels.at(left, y), right - left);
}

}  // namespace mobilenet::drawing
