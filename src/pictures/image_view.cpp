// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// ImageView: where the pixels of a picture, or of a part of it, are.

#include <mobilenet/image.h>

#include <cstdlib>

#include "base/caught.h"
#include "base/error.h"
#include "pictures/upright_pixels.h"

namespace mobilenet {

ImageView ImageView::packed(const void* pixels, PixelFormat format, int width, int height, std::ptrdiff_t row_bytes) {
  ImageView view;
  view.width = width;
  view.height = height;
  view.format = format;
  if (row_bytes == 0) {
    row_bytes = static_cast<std::ptrdiff_t>(width) * pixel_bytes(format);
    if (format == PixelFormat::nv12) row_bytes += row_bytes % 2;  // a row of colours is a byte longer than an odd one
  }
  view.planes[0] = pixels;
  view.row_bytes.fill(row_bytes);
  if (format == PixelFormat::rgb_float_planes && pixels) {  // one plane after the other, whichever way their rows go
    const std::ptrdiff_t plane_bytes = std::abs(row_bytes) * height;
    view.planes[1] = static_cast<const std::byte*>(pixels) + plane_bytes;
    view.planes[2] = static_cast<const std::byte*>(pixels) + plane_bytes * 2;
  }
  if (format == PixelFormat::nv12 && pixels) {
    const int colours = plane_form(format, width, height, 1).height;
    view.planes[1] = static_cast<const std::byte*>(pixels) + std::abs(row_bytes) * (row_bytes < 0 ? colours : height);
  }
  return view;
}

Result<ImageView> ImageView::crop(int left, int top, int region_width, int region_height) const try {
  MOBILENET_CHECK(UprightPixels::check(*this));
  if (left < 0 || top < 0 || region_width < 1 || region_height < 1 || left > upright_width() - region_width ||
      top > upright_height() - region_height)
    return failure(ErrorCode::invalid_argument, "the region of ", region_width, "x", region_height, " pixels at ", left,
                   ",", top, " is not inside the picture of ", upright_width(), "x", upright_height());
  const Walk walk = walk_of(orientation);
  ImageView region = *this;
  region.width = walk.swap_axes ? region_height : region_width;
  region.height = walk.swap_axes ? region_width : region_height;
  int x = walk.swap_axes ? top : left, y = walk.swap_axes ? left : top;
  if (walk.from_right) x = width - region.width - x;
  if (walk.from_bottom) y = height - region.height - y;
  const bool is_nv12 = format == PixelFormat::nv12;
  if (is_nv12 && (x % 2 != 0 || y % 2 != 0))
    return failure(ErrorCode::invalid_argument, "the region of an NV12 picture begins at column ", x, ", row ", y,
                   " as stored: inside a pixel of colour, which is two columns wide and two rows high");
  for (std::size_t p = 0; p < plane_count(format); ++p) {
    const int part = is_nv12 && p == 1 ? 2 : 1;
    const std::ptrdiff_t pixel = plane_form(format, width, height, p).pixel_bytes;
    region.planes[p] = static_cast<const std::byte*>(planes[p]) + y / part * row_bytes[p] + x / part * pixel;
  }
  return region;
} catch (...) {
  return caught("picture");
}

}  // namespace mobilenet
