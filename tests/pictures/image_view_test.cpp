// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// ImageView: where its planes lie, and parts of it.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <array>
#include <cstdint>
#include <vector>

#include "pictures/upright_pixels.h"

namespace mobilenet::testing {
namespace {

constexpr int kWidth = 7, kHeight = 5;

struct StoredView {
  const char* name;
  PixelFormat format;
  int padding;     // bytes behind each row
  bool bottom_up;  // the last row comes first in memory
};
constexpr StoredView kStoredViews[] = {
    {"packed RGB", PixelFormat::rgb, 0, false},
    {"padded BGR, bottom up", PixelFormat::bgr, 5, true},
    {"RGBA", PixelFormat::rgba, 0, false},
    {"grey with padding", PixelFormat::grey, 9, false},
    {"float planes", PixelFormat::rgb_float_planes, 0, false},
    {"float planes with padding", PixelFormat::rgb_float_planes, 8, false},
    {"float planes, bottom up", PixelFormat::rgb_float_planes, 4, true},
};

// A view whose memory is exactly as large as it must be, so that a sanitizer sees every step outside.
struct Stored {
  explicit Stored(const StoredView& kind) {
    const std::ptrdiff_t row_bytes =
        std::ptrdiff_t{kWidth} * plane_form(kind.format, 1, 1, 0).pixel_bytes + kind.padding;
    const bool planes = kind.format == PixelFormat::rgb_float_planes;
    memory.resize(static_cast<std::size_t>(row_bytes * kHeight * (planes ? 3 : 1)) / sizeof(float) + 1);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(memory.data());
    for (std::size_t i = 0; i < memory.size(); ++i) {
      if (planes)
        memory[i] = static_cast<float>(i) / 512;
      else
        for (std::size_t b = 0; b < 4; ++b) bytes[4 * i + b] = static_cast<std::uint8_t>(37 * (4 * i + b));
    }
    const void* first = bytes + (kind.bottom_up ? row_bytes * (kHeight - 1) : 0);
    view = ImageView::packed(first, kind.format, kWidth, kHeight, kind.bottom_up ? -row_bytes : row_bytes);
  }
  std::vector<float> memory;
  ImageView view;
};

// Upright rows as numbers.
std::vector<float> pixels_of(const ImageView& view) {
  const UprightPixels pixels = UprightPixels::of(view).value();
  const auto width = static_cast<std::size_t>(pixels.width());
  std::vector<float> all;
  for (int y = 0; y < pixels.height(); ++y) {
    if (pixels.floats()) {
      std::vector<float> scratch(3 * width);
      const float* const row = pixels.row(0, y, pixels.width(), scratch.data());
      all.insert(all.end(), row, row + 3 * width);
    } else {
      std::vector<std::uint8_t> scratch(3 * width);
      const std::uint8_t* const row = pixels.row(0, y, pixels.width(), scratch.data());
      all.insert(all.end(), row, row + 3 * width);
    }
  }
  return all;
}

std::vector<float> part_of(const std::vector<float>& all, int all_width, int left, int top, int width, int height) {
  std::vector<float> part;
  for (int y = top; y < top + height; ++y)
    for (int x = left; x < left + width; ++x)
      for (int c = 0; c < 3; ++c) part.push_back(all[static_cast<std::size_t>((y * all_width + x) * 3 + c)]);
  return part;
}

TEST(ImageView, PlanesOfFloatsFollowOneAnotherWhicheverWayRowsGo) {
  for (const StoredView& kind : kStoredViews) {
    if (kind.format != PixelFormat::rgb_float_planes) continue;
    const Stored stored(kind);
    const std::ptrdiff_t floats = std::abs(stored.view.row_bytes[0]) * kHeight / 4;
    for (std::size_t p = 1; p < 3; ++p)
      EXPECT_EQ(static_cast<const float*>(stored.view.planes[p]) - static_cast<const float*>(stored.view.planes[p - 1]),
                floats)
          << kind.name;
    EXPECT_EQ(pixels_of(stored.view).size(), std::size_t{kWidth * kHeight * 3}) << kind.name;
  }
}

TEST(ImageView, PartsAreThoseThatAViewerSees) {
  for (const StoredView& kind : kStoredViews)
    for (int orientation = 1; orientation <= 8; ++orientation) {
      Stored stored(kind);
      stored.view.orientation = static_cast<Orientation>(orientation);
      const std::vector<float> all = pixels_of(stored.view);
      const int all_width = stored.view.upright_width(), all_height = stored.view.upright_height();
      for (const auto& [left, top, width, height] : std::vector<std::array<int, 4>>{
               {0, 0, all_width, all_height}, {1, 2, 3, 2}, {all_width - 1, all_height - 1, 1, 1}, {0, 1, 2, 4}}) {
        const Result<ImageView> part = stored.view.crop(left, top, width, height);
        ASSERT_TRUE(part) << part.error().message;
        EXPECT_EQ(part->upright_width(), width);
        EXPECT_EQ(part->upright_height(), height);
        EXPECT_EQ(pixels_of(*part), part_of(all, all_width, left, top, width, height))
            << kind.name << ", orientation " << orientation << ", part " << left << ' ' << top;
      }
    }
}

TEST(ImageView, PartsOutsideAreRefused) {
  Stored stored(kStoredViews[0]);
  stored.view.orientation = Orientation::rotate_90;  // seen as 5 x 7
  for (const auto& [left, top, width, height] : std::vector<std::array<int, 4>>{{-1, 0, 2, 2},
                                                                                {0, -1, 2, 2},
                                                                                {0, 0, 0, 2},
                                                                                {0, 0, 2, -2},
                                                                                {1, 0, 5, 1},
                                                                                {0, 7, 1, 1},
                                                                                {2147483647, 0, 2147483647, 1}})
    EXPECT_FALSE(stored.view.crop(left, top, width, height)) << left << ' ' << top << ' ' << width << ' ' << height;
  const auto part = stored.view.crop(1, 0, 5, 1);
  EXPECT_EQ(part.error().message, "the region of 5x1 pixels at 1,0 is not inside the picture of 5x7");
  stored.view.orientation = static_cast<Orientation>(77);
  EXPECT_EQ(stored.view.upright_width(), kWidth);
  EXPECT_FALSE(stored.view.crop(0, 0, 1, 1));
}

}  // namespace
}  // namespace mobilenet::testing
