// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A camera's buffer as a frame: the formats that cameras give, and what is made of them.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "video/pixel_pool.h"

namespace mobilenet {

struct CameraFormat {
  const char* name;      // "YUYV"
  std::uint32_t fourcc;  // V4L2's number
};
// Best first: what needs no more than a copy, then what is converted, then what is decompressed.
std::span<const CameraFormat> camera_formats();

// How a buffer's pixels lie.
struct CameraLayout {
  std::uint32_t fourcc = 0;
  int width = 0, height = 0;
  std::size_t row_bytes = 0;  // of the first plane
  ColourMatrix matrix = ColourMatrix::bt601;
  ColourRange range = ColourRange::limited;
};

struct CameraPixels {
  std::shared_ptr<const void> owner;
  ImageView view;
};

// A copy of the buffer's pixels, as RGB where that is wanted. Fails where the buffer is too short, or no JPEG.
Result<CameraPixels> copy_pixels(std::span<const std::byte> buffer, const CameraLayout& layout, bool rgb,
                                 PixelPool& pool);

}  // namespace mobilenet
