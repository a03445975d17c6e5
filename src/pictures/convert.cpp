// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole pictures as a viewer sees them, in pixels of the caller's.

#include <mobilenet/image.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "pictures/pixel_kernels.h"
#include "pictures/upright_pixels.h"

namespace mobilenet {
namespace {

constexpr int kTileColumns = 128;

// Where pixels go, and in which form.
struct Target {
  std::uint8_t* first;
  std::ptrdiff_t row_bytes;
  int pixel;  // bytes
  RgbForm form;
};

Result<Target> target_of(const PixelBuffer& to, int width, int height) {
  const bool four = to.format == PixelFormat::rgba || to.format == PixelFormat::bgra;
  const bool reversed = to.format == PixelFormat::bgr || to.format == PixelFormat::bgra;
  if (!four && !reversed && to.format != PixelFormat::rgb)
    return failure(ErrorCode::invalid_argument, "pixels are written as rgb, bgr, rgba or bgra");
  if (to.width != width || to.height != height)
    return failure(ErrorCode::invalid_argument, "the picture has ", width, 'x', height,
                   " pixels, and there is room for ", to.width, 'x', to.height);
  const int pixel = four ? 4 : 3;
  const std::ptrdiff_t row = std::ptrdiff_t{width} * pixel;
  const std::ptrdiff_t longest = std::numeric_limits<std::ptrdiff_t>::max() / height;
  if (!to.pixels) return failure(ErrorCode::invalid_argument, "there is no memory to write pixels to");
  if (height > 1 && (to.row_bytes < -longest || to.row_bytes > longest || std::abs(to.row_bytes) < row))
    return failure(ErrorCode::invalid_argument, "rows to write to have ", to.row_bytes, " bytes, and ", row,
                   " are needed");
  return Target{static_cast<std::uint8_t*>(to.pixels), to.row_bytes, pixel, {reversed, four}};
}

// The stored rows of a picture of bytes, in the form of the target.
class StoredRows {
 public:
  // `longest`: pixels that are read at once.
  StoredRows(const ImageView& image, const StoredBytes& stored, RgbForm form, int longest)
      : stored_(stored), form_(form), kernels_(*best_or_forced(runnable_pixel_kernels()).kernels) {
    if (!is_ycbcr(image.format)) return;
    matrix_ = ycbcr_matrix(image.matrix, image.range);
    const std::size_t planes = plane_count(image.format);
    for (std::size_t c = 0; c < 3; ++c) {
      const PlaneForm plane = plane_form(image.format, image.width, image.height, std::min(c, planes - 1));
      Component& component = components_[c];
      component.first = static_cast<const std::uint8_t*>(image.planes[plane.image_plane]);
      component.row_bytes = image.row_bytes[plane.image_plane];
      component.pixel_bytes = plane.pixel_bytes;
      component.offset = plane.offsets[c == 2 && planes == 2 ? 1 : 0];
      component.covers_width = plane.covers_width, component.covers_height = plane.covers_height;
      component.bytes.resize(static_cast<std::size_t>(longest) + 1);  // an odd count ends inside a pixel of colour
    }
    narrow_.resize(static_cast<std::size_t>(longest) / 2 + 1);
  }

  // Pixels x .. x + count of row y, written to `out`; x is even.
  void read(int x, int y, int count, std::uint8_t* out) {
    const auto pixels = static_cast<std::size_t>(count);
    if (!components_[0].first) {
      const std::uint8_t* const row = stored_.first + y * stored_.row_bytes + std::ptrdiff_t{x} * stored_.pixel_bytes;
      const bool blue_first = stored_.rgb[0] > stored_.rgb[2];
      if (stored_.is_565)
        kernels_.rgb_of_565(row, pixels, form_, out);
      else if (stored_.pixel_bytes == 3 && blue_first == form_.blue_first && !form_.has_alpha)
        std::memcpy(out, row, 3 * pixels);
      else
        kernels_.rgb_of_bytes(row, stored_.pixel_bytes, blue_first, pixels, form_, out);
      return;
    }
    std::array<const std::uint8_t*, 3> rows{};
    for (std::size_t c = 0; c < 3; ++c) rows[c] = row_of(components_[c], x, y, count);
    kernels_.rgb_of_ycbcr(matrix_, rows[0], rows[1], rows[2], pixels, form_, out);
  }

 private:
  // Luma, Cb or Cr.
  struct Component {
    const std::uint8_t* first = nullptr;
    std::ptrdiff_t row_bytes = 0;
    int pixel_bytes = 0, offset = 0;
    int covers_width = 1, covers_height = 1;
    std::vector<std::uint8_t> bytes;  // of the row below, one for every pixel that it covers
    int x = -1, y = -1;               // where it begins, in pixels of its own
  };

  // One byte for each pixel of the picture.
  const std::uint8_t* row_of(Component& component, int x, int y, int count) {
    const int column = x / component.covers_width, row = y / component.covers_height;
    const std::uint8_t* const there =
        component.first + row * component.row_bytes + std::ptrdiff_t{column} * component.pixel_bytes;
    const bool is_narrow = component.covers_width > 1;
    if (component.pixel_bytes == 1 && !is_narrow) return there;
    std::uint8_t* const bytes = component.bytes.data();
    if (component.x == column && component.y == row) return bytes;  // rows of colour serve two of luma
    component.x = column, component.y = row;
    const std::size_t samples =
        static_cast<std::size_t>(count + component.covers_width - 1) / static_cast<std::size_t>(component.covers_width);
    if (component.pixel_bytes == 1) {
      kernels_.repeat(there, samples, bytes);
    } else {
      std::uint8_t* const taken = is_narrow ? narrow_.data() : bytes;
      kernels_.take(there, component.pixel_bytes, component.offset, samples, taken);
      if (is_narrow) kernels_.repeat(taken, samples, bytes);
    }
    return bytes;
  }

  StoredBytes stored_;
  RgbForm form_;
  const PixelKernels& kernels_;
  YcbcrMatrix matrix_;
  std::array<Component, 3> components_;
  std::vector<std::uint8_t> narrow_;
};

template <int kPixel>
void scatter(const std::uint8_t* tile, std::ptrdiff_t tile_row, int columns, int rows, std::uint8_t* out,
             std::ptrdiff_t step_x, std::ptrdiff_t step_y) {
  for (int x = 0; x < columns; ++x, tile += kPixel, out += step_x)
    for (int y = 0; y < rows; ++y) std::memcpy(out + y * step_y, tile + y * tile_row, kPixel);
}

// Rows go where they belong as they are made. Of mirrored and turned pictures tiles are made first, whose pixels then
// are put one by one: of turned ones as many rows as keep what is written at the same time in the first-level cache.
void write_pixels(StoredRows& stored, const StoredBytes& picture, const Target& target) {
  constexpr int kTileRows = 16;
  const auto [swap_axes, from_right, from_bottom] = picture.walk;
  // Of the upright picture, for a step along and across stored rows.
  std::ptrdiff_t step_x = swap_axes ? target.row_bytes : target.pixel;
  std::ptrdiff_t step_y = swap_axes ? target.pixel : target.row_bytes;
  std::uint8_t* first = target.first;
  if (from_right) first += step_x * (picture.width - 1), step_x = -step_x;
  if (from_bottom) first += step_y * (picture.height - 1), step_y = -step_y;
  if (step_x == target.pixel && !swap_axes) {
    for (int y = 0; y < picture.height; ++y) stored.read(0, y, picture.width, first + y * step_y);
    return;
  }
  const int tile_rows = swap_axes ? kTileRows : 1;
  const std::ptrdiff_t tile_row = std::ptrdiff_t{kTileColumns} * target.pixel;
  std::vector<std::uint8_t> tile(static_cast<std::size_t>(tile_row * tile_rows));
  for (int x = 0; x < picture.width; x += kTileColumns)
    for (int y = 0; y < picture.height; y += tile_rows) {
      const int columns = std::min(kTileColumns, picture.width - x), rows = std::min(tile_rows, picture.height - y);
      for (int row = 0; row < rows; ++row) stored.read(x, y + row, columns, tile.data() + row * tile_row);
      std::uint8_t* const out = first + x * step_x + y * step_y;
      if (target.pixel == 3)
        scatter<3>(tile.data(), tile_row, columns, rows, out, step_x, step_y);
      else
        scatter<4>(tile.data(), tile_row, columns, rows, out, step_x, step_y);
    }
}

}  // namespace

Result<void> convert(const ImageView& from, const PixelBuffer& to) try {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(from));
  if (pixels.floats()) return failure(ErrorCode::invalid_argument, "a picture of float planes has no bytes to copy");
  MOBILENET_TRY(const Target target, target_of(to, pixels.width(), pixels.height()));
  const StoredBytes stored = pixels.stored();
  StoredRows rows(from, stored, target.form, std::max(stored.width, kTileColumns));
  write_pixels(rows, stored, target);
  return {};
} catch (...) {
  return caught("a copy of a picture");
}

}  // namespace mobilenet
