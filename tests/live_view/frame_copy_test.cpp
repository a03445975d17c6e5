// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Frames that are kept, however their rows lie.

#include "cli/live/frame_copy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

namespace mobilenet::cli {
namespace {

constexpr int kWidth = 5, kHeight = 4;
constexpr std::ptrdiff_t kRow = 3 * kWidth;

std::vector<unsigned char> numbers(std::size_t count) {
  std::vector<unsigned char> values(count);
  std::iota(values.begin(), values.end(), static_cast<unsigned char>(1));
  return values;
}

TEST(FrameCopy, RowsMayBePaddedOrBottomUp) {
  const auto padded = numbers(20 * kHeight), flipped = numbers(kRow * kHeight);
  struct Case {
    const char* name;
    ImageView view;
    const unsigned char* first_row;
    std::ptrdiff_t row_bytes;
  };
  const unsigned char* const last_row = flipped.data() + kRow * (kHeight - 1);
  const Case cases[] = {
      {"close", ImageView::packed(flipped.data(), PixelFormat::rgb, kWidth, kHeight), flipped.data(), kRow},
      {"padded", ImageView::packed(padded.data(), PixelFormat::bgr, kWidth, kHeight, 20), padded.data(), 20},
      {"bottom up", ImageView::packed(last_row, PixelFormat::rgb, kWidth, kHeight, -kRow), last_row, -kRow}};
  FrameCopy copy;
  for (const Case& c : cases) {
    ASSERT_TRUE(copy.copy(c.view)) << c.name;
    const ImageView kept = copy.view();
    EXPECT_EQ(kept.format, c.view.format);
    EXPECT_EQ(kept.row_bytes[0], kRow);
    for (int y = 0; y < kHeight; ++y) {
      const auto* row = static_cast<const unsigned char*>(kept.planes[0]) + y * kRow;
      EXPECT_EQ(std::memcmp(row, c.first_row + y * c.row_bytes, kRow), 0) << c.name << ", row " << y;
    }
  }
}

TEST(FrameCopy, WhatCannotBeShownIsSaid) {
  const auto pixels = numbers(64);
  const ImageView good = ImageView::packed(pixels.data(), PixelFormat::rgb, 4, 4);
  const auto changed = [&](auto change) {
    ImageView view = good;
    change(view);
    return view;
  };
  const ImageView cases[] = {ImageView{},
                             changed([](ImageView& v) { v.format = PixelFormat::grey; }),
                             changed([](ImageView& v) { v.format = PixelFormat::rgba; }),
                             changed([](ImageView& v) { v.orientation = Orientation::rotate_90; }),
                             changed([](ImageView& v) { v.memory = Memory::device; }),
                             changed([](ImageView& v) { v.planes[0] = nullptr; }),
                             changed([](ImageView& v) { v.width = 0; }),
                             changed([](ImageView& v) { v.height = -1; }),
                             changed([](ImageView& v) { v.row_bytes[0] = 11; }),
                             changed([](ImageView& v) { v.row_bytes[0] = -11; })};
  for (const ImageView& view : cases) {
    FrameCopy copy;
    const auto copied = copy.copy(view);
    ASSERT_FALSE(copied) << &view - cases;
    EXPECT_EQ(copied.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(can_be_shown(cases[8]).error().message, "a frame of 4x4 pixels in rows of 11 bytes cannot be shown");
  EXPECT_TRUE(can_be_shown(good));
}

}  // namespace
}  // namespace mobilenet::cli
