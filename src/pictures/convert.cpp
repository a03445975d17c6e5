// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole pictures as a viewer sees them, in pixels of the caller's.

#include <mobilenet/image.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "pictures/upright_pixels.h"
#include "pictures/ycbcr.h"

namespace mobilenet {
namespace {

// Where a pixel of the target is, and what it is made of.
struct Target {
  std::uint8_t* first;
  std::ptrdiff_t row_bytes;
  int pixel, red, blue;  // bytes; offsets
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
  return Target{static_cast<std::uint8_t*>(to.pixels), to.row_bytes, pixel, reversed ? 2 : 0, reversed ? 0 : 2};
}

// A row of RGB. `rgb` may be where it goes.
void put(const Target& target, const std::uint8_t* rgb, int width, std::uint8_t* out) {
  if (target.pixel == 3 && target.red == 0) {
    if (rgb != out) std::memmove(out, rgb, static_cast<std::size_t>(width) * 3);
    return;
  }
  for (int x = 0; x < width; ++x, rgb += 3, out += target.pixel) {
    const std::uint8_t red = rgb[0], green = rgb[1], blue = rgb[2];
    out[target.red] = red, out[1] = green, out[target.blue] = blue;
    if (target.pixel == 4) out[3] = 255;
  }
}

// Pixels of a plane of colours become as many as the luma has, each for all that it covers. `at` and `count` are of the
// upright picture; where colours begin when it is walked backwards, the first may be covered in part.
class Covering {
 public:
  Covering(int colours, int luma, int covers, bool backwards)
      : covers_(covers), lead_(backwards && covers > 1 ? colours * covers - luma : 0) {}
  int operator()(int place) const { return (place + lead_) / covers_; }

 private:
  int covers_, lead_;
};

// A block of pixels at a time, channel by channel, in loops that compilers turn into vectors: a fifth of the time of
// one pixel after the other.
class Blocks {
 public:
  static constexpr int kPixels = 128;

  explicit Blocks(const YcbcrMatrix& matrix) : matrix_(matrix) {}

  // One of each for every pixel.
  void convert(const std::uint8_t* levels, const std::uint8_t* cb, const std::uint8_t* cr, int count,
               const Target& target, std::uint8_t* out) {
    using ycbcr::kHalf, ycbcr::kNoColour, ycbcr::to_byte;
    for (int i = 0; i < count; ++i) {
      const std::int32_t luma = (levels[i] - matrix_.black) * matrix_.luma + kHalf;
      const std::int32_t blue = cb[i] - kNoColour, red = cr[i] - kNoColour;
      red_[i] = to_byte(luma + matrix_.red_of_cr * red);
      green_[i] = to_byte(luma + matrix_.green_of_cb * blue + matrix_.green_of_cr * red);
      blue_[i] = to_byte(luma + matrix_.blue_of_cb * blue);
    }
    for (int i = 0; i < count; ++i, out += target.pixel) {
      out[target.red] = red_[i], out[1] = green_[i], out[target.blue] = blue_[i];
      if (target.pixel == 4) out[3] = 255;
    }
  }

 private:
  YcbcrMatrix matrix_;
  std::uint8_t red_[kPixels], green_[kPixels], blue_[kPixels];
};

// A plane's samples along upright rows, a byte each.
struct Samples8 {
  const std::byte* first;
  std::ptrdiff_t step_x, step_y;

  void row(int y, int count, std::uint8_t* out) const {
    const auto* at = reinterpret_cast<const std::uint8_t*>(first + y * step_y);
    if (step_x == 1) {
      std::memcpy(out, at, static_cast<std::size_t>(count));
    } else if (step_x == 2) {
      for (int x = 0; x < count; ++x) out[x] = at[2 * x];
    } else {
      for (int x = 0; x < count; ++x) out[x] = at[x * step_x];
    }
  }
};

// Of sample `offset` of each pixel of a plane.
Samples8 samples_of(const ImageView& image, const PlaneForm& form, int offset, const Walk& walk) {
  const std::ptrdiff_t row_bytes = image.row_bytes[form.image_plane], step = form.pixel_bytes;
  const auto* first = static_cast<const std::byte*>(image.planes[form.image_plane]) + offset;
  if (walk.from_right) first += step * (form.width - 1);
  if (walk.from_bottom) first += row_bytes * (form.height - 1);
  const std::ptrdiff_t along = walk.from_right ? -step : step, down = walk.from_bottom ? -row_bytes : row_bytes;
  return {first, walk.swap_axes ? down : along, walk.swap_axes ? along : down};
}

void convert_ycbcr(const ImageView& from, const UprightPixels& pixels, const Target& target) {
  const Walk walk = walk_of(from.orientation);
  const int width = pixels.width(), height = pixels.height();
  const PlaneForm luma_form = plane_form(from.format, from.width, from.height, 0);
  const PlaneForm form = plane_form(from.format, from.width, from.height, 1);
  const bool has_two = plane_count(from.format) == 3;
  const PlaneForm red_form = has_two ? plane_form(from.format, from.width, from.height, 2) : form;
  const Samples8 luma = samples_of(from, luma_form, luma_form.offsets[0], walk);
  const Samples8 blues = samples_of(from, form, form.offsets[0], walk);
  const Samples8 reds = samples_of(from, red_form, red_form.offsets[has_two ? 0 : 1], walk);
  const int colours_width = walk.swap_axes ? form.height : form.width;
  const int colours_height = walk.swap_axes ? form.width : form.height;
  // Upright columns are stored rows where axes are swapped.
  const Covering column(colours_width, width, walk.swap_axes ? form.covers_height : form.covers_width,
                        walk.swap_axes ? walk.from_bottom : walk.from_right);
  const Covering row(colours_height, height, walk.swap_axes ? form.covers_width : form.covers_height,
                     walk.swap_axes ? walk.from_right : walk.from_bottom);
  std::vector<int> column_of(static_cast<std::size_t>(width));
  for (int x = 0; x < width; ++x) column_of[static_cast<std::size_t>(x)] = column(x);

  // The colours of a row, and then for every pixel of its luma.
  std::vector<std::uint8_t> narrow(static_cast<std::size_t>(colours_width));
  std::vector<std::uint8_t> levels(static_cast<std::size_t>(width)), cb(levels.size()), cr(levels.size());
  const auto spread = [&](const Samples8& samples, int line, std::vector<std::uint8_t>& out) {
    samples.row(line, colours_width, narrow.data());
    for (std::size_t x = 0; x < column_of.size(); ++x) out[x] = narrow[static_cast<std::size_t>(column_of[x])];
  };
  Blocks blocks(ycbcr_matrix(from.matrix, from.range));
  int known = -1;
  for (int y = 0; y < height; ++y) {
    if (const int line = row(y); line != known) {
      known = line;
      spread(blues, line, cb);
      spread(reds, line, cr);
    }
    luma.row(y, width, levels.data());
    std::uint8_t* const out = target.first + y * target.row_bytes;
    for (int x = 0; x < width; x += Blocks::kPixels)
      blocks.convert(levels.data() + x, cb.data() + x, cr.data() + x, std::min(Blocks::kPixels, width - x), target,
                     out + std::ptrdiff_t{x} * target.pixel);
  }
}

}  // namespace

Result<void> convert(const ImageView& from, const PixelBuffer& to) try {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(from));
  if (pixels.floats()) return failure(ErrorCode::invalid_argument, "a picture of float planes has no bytes to copy");
  const int width = pixels.width(), height = pixels.height();
  MOBILENET_TRY(const Target target, target_of(to, width, height));
  if (is_ycbcr(from.format)) {
    convert_ycbcr(from, pixels, target);
    return {};
  }
  // Rows of RGB are made where they go.
  const bool in_place = target.pixel == 3 && target.red == 0;
  std::vector<std::uint8_t> scratch(in_place ? 0 : static_cast<std::size_t>(width) * 3);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* const out = target.first + y * target.row_bytes;
    put(target, pixels.row(0, y, width, in_place ? out : scratch.data()), width, out);
  }
  return {};
} catch (...) {
  return caught("a copy of a picture");
}

}  // namespace mobilenet
