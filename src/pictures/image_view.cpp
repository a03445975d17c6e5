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
  const PlaneForm first = plane_form(format, width, height, 0);
  const PlaneForm last_form = plane_form(format, width, height, plane_count(format) - 1);
  // A row of colours covers whole pixels of its own.
  if (row_bytes == 0) row_bytes = std::ptrdiff_t{last_form.width} * last_form.covers_width * first.pixel_bytes;
  view.planes[0] = pixels;
  view.row_bytes.fill(row_bytes);
  if (is_ycbcr(format) && plane_count(format) == 3)
    view.row_bytes[1] = view.row_bytes[2] = row_bytes / last_form.covers_width;
  if (!pixels) return view;
  // One plane after the other, whichever way their rows go.
  auto* begin = static_cast<const std::byte*>(pixels) - (row_bytes < 0 ? std::abs(row_bytes) * (height - 1) : 0);
  std::size_t last = 0;
  for (std::size_t p = 0; p < plane_count(format); ++p) {
    const PlaneForm form = plane_form(format, width, height, p);
    if (p > 0 && form.image_plane == last) continue;
    last = form.image_plane;
    const std::ptrdiff_t row = std::abs(view.row_bytes[last]);
    view.planes[last] = begin + (row_bytes < 0 ? row * (form.height - 1) : 0);
    begin += row * form.height;
  }
  return view;
}

PixelBuffer PixelBuffer::packed(void* pixels, PixelFormat format, int width, int height, std::ptrdiff_t row_bytes) {
  const std::ptrdiff_t pixel = format == PixelFormat::rgba || format == PixelFormat::bgra ? 4 : 3;
  return {pixels, row_bytes == 0 ? pixel * width : row_bytes, width, height, format};
}

ImageView PixelBuffer::view() const {
  ImageView view;
  view.planes[0] = pixels;
  view.row_bytes[0] = row_bytes;
  view.width = width, view.height = height;
  view.format = format;
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
  for (std::size_t p = 0; p < plane_count(format); ++p) {
    const PlaneForm form = plane_form(format, width, height, p);
    if (x % form.covers_width != 0 || y % form.covers_height != 0)
      return failure(ErrorCode::invalid_argument, "the region of this picture begins at column ", x, ", row ", y,
                     " as stored: inside a pixel of colour, which is ", form.covers_width, " columns wide and ",
                     form.covers_height, form.covers_height == 1 ? " row high" : " rows high");
    region.planes[form.image_plane] = static_cast<const std::byte*>(planes[form.image_plane]) +
                                      y / form.covers_height * row_bytes[form.image_plane] +
                                      std::ptrdiff_t{x} / form.covers_width * form.pixel_bytes;
  }
  return region;
} catch (...) {
  return caught("picture");
}

}  // namespace mobilenet
