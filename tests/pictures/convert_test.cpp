// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole pictures of every format, turned and mirrored, in pieces and rows of every length, against one pixel after the
// other: byte for byte, from and to memory of exactly its size.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "pictures/upright_pixels.h"
#include "pictures/ycbcr.h"
#include "support/stored_place.h"

namespace mobilenet::testing {
namespace {

constexpr PixelFormat kTargets[] = {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra};

std::vector<PixelFormat> formats_of_bytes() {
  std::vector<PixelFormat> formats;
  for (PixelFormat format = PixelFormat::rgb; format <= kLastPixelFormat;
       format = static_cast<PixelFormat>(static_cast<int>(format) + 1))
    if (format != PixelFormat::rgb_float_planes) formats.push_back(format);
  return formats;
}

// Noise, each plane in memory of its own, rows with gaps, or running upwards.
struct Noise {
  Noise(PixelFormat format, int width, int height, Orientation orientation, bool upwards) {
    std::mt19937 random(static_cast<unsigned>(width * 64 + height));
    view.format = format, view.width = width, view.height = height, view.orientation = orientation;
    for (std::size_t p = 0; p < plane_count(format); ++p) {
      const PlaneForm form = plane_form(format, width, height, p);
      const int row = form.width * form.pixel_bytes, stride = row + 3;
      std::vector<std::uint8_t>& bytes = planes[form.image_plane];
      bytes.assign(static_cast<std::size_t>(stride * (form.height - 1) + row), 0);
      bytes.shrink_to_fit();
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 7);
      view.planes[form.image_plane] = bytes.data() + (upwards ? stride * (form.height - 1) : 0);
      view.row_bytes[form.image_plane] = upwards ? -stride : stride;
    }
  }
  Noise(const Noise&) = delete;

  std::array<std::vector<std::uint8_t>, 3> planes;
  ImageView view;
};

int sample(const ImageView& view, std::size_t plane, std::size_t offset, int column, int row) {
  const PlaneForm form = plane_form(view.format, view.width, view.height, plane);
  return static_cast<const std::uint8_t*>(
      view.planes[form.image_plane])[row / form.covers_height * view.row_bytes[form.image_plane] +
                                     std::ptrdiff_t{column / form.covers_width} * form.pixel_bytes +
                                     form.offsets[offset]];
}

int byte_of(int sum) { return std::clamp(sum >> ycbcr::kFractionBits, 0, 255); }

std::array<int, 3> rgb_at(const ImageView& view, int column, int row) {
  if (view.format == PixelFormat::rgb565) {
    const auto* const at = static_cast<const std::uint8_t*>(view.planes[0]) + row * view.row_bytes[0] + 2 * column;
    const int word = at[0] + 256 * at[1], red = word >> 11, green = word >> 5 & 63, blue = word & 31;
    return {red * 8 + red / 4, green * 4 + green / 16, blue * 8 + blue / 4};
  }
  if (!is_ycbcr(view.format))
    return {sample(view, 0, 0, column, row), sample(view, 0, 1, column, row), sample(view, 0, 2, column, row)};
  const bool has_two = plane_count(view.format) == 3;
  const YcbcrMatrix matrix = ycbcr_matrix(view.matrix, view.range);
  const int luma = (sample(view, 0, 0, column, row) - matrix.black) * matrix.luma + ycbcr::kHalf;
  const int cb = sample(view, 1, 0, column, row) - 128;
  const int cr = sample(view, has_two ? 2 : 1, has_two ? 0 : 1, column, row) - 128;
  return {byte_of(luma + matrix.red_of_cr * cr), byte_of(luma + matrix.green_of_cb * cb + matrix.green_of_cr * cr),
          byte_of(luma + matrix.blue_of_cb * cb)};
}

TEST(Convert, IsOnePixelAfterTheOther) {
  for (const PixelFormat format : formats_of_bytes())
    for (const auto& [width, height] :
         {std::array{1, 1}, {2, 3}, {17, 5}, {40, 18}, {127, 33}, {128, 16}, {259, 3}, {3, 259}, {311, 35}})
      for (int orientation = 1; orientation <= 8; ++orientation)
        for (const PixelFormat target : kTargets) {
          Noise noise(format, width, height, static_cast<Orientation>(orientation), (width + orientation) % 3 == 0);
          noise.view.matrix = static_cast<ColourMatrix>(width % 3), noise.view.range = ColourRange{height % 2 == 0};
          const int upright_width = noise.view.upright_width(), upright_height = noise.view.upright_height();
          const bool four = target == PixelFormat::rgba || target == PixelFormat::bgra;
          const bool reversed = target == PixelFormat::bgr || target == PixelFormat::bgra;
          const int pixel = four ? 4 : 3, row = upright_width * pixel, stride = row + orientation % 2;
          std::vector<std::uint8_t> expected(static_cast<std::size_t>(stride * (upright_height - 1) + row), 7);
          std::vector<std::uint8_t> out = expected;
          for (int y = 0; y < upright_height; ++y)
            for (int x = 0; x < upright_width; ++x) {
              const auto [column, stored_row] = stored_place(noise.view.orientation, x, y, width, height);
              const std::array<int, 3> rgb = rgb_at(noise.view, column, stored_row);
              std::uint8_t* const to = expected.data() + y * stride + x * pixel;
              for (std::size_t c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(rgb[reversed ? 2 - c : c]);
              if (four) to[3] = 255;
            }
          const auto done =
              convert(noise.view, PixelBuffer::packed(out.data(), target, upright_width, upright_height, stride));
          ASSERT_TRUE(done) << done.error().message;
          ASSERT_EQ(out, expected) << "format " << static_cast<int>(format) << ", " << width << "x" << height
                                   << ", orientation " << orientation << ", to " << static_cast<int>(target);
        }
}

}  // namespace
}  // namespace mobilenet::testing
