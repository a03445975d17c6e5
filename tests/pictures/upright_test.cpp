// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Copies of pictures as a viewer sees them.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mobilenet::testing {
namespace {

// Orientation by orientation: what a viewer sees of the stored rows "abc" and "def".
TEST(Upright, AllOrientationsAndFormats) {
  struct Case {
    const char* name;
    Orientation orientation;
    int width;
    const char* upright;
  };
  const Case cases[] = {
      {"upright", Orientation::upright, 3, "abcdef"},
      {"flipped horizontally", Orientation::flip_horizontal, 3, "cbafed"},
      {"half a turn", Orientation::rotate_180, 3, "fedcba"},
      {"flipped vertically", Orientation::flip_vertical, 3, "defabc"},
      {"transposed", Orientation::transpose, 2, "adbecf"},
      {"a quarter turn clockwise", Orientation::rotate_90, 2, "daebfc"},
      {"transposed the other way", Orientation::transverse, 2, "fcebda"},
      {"a quarter turn counter-clockwise", Orientation::rotate_270, 2, "cfbead"},
  };
  struct Format {
    PixelFormat format;
    std::size_t bytes, red, green, blue;
  };
  const Format formats[] = {{PixelFormat::rgb, 3, 0, 1, 2},
                            {PixelFormat::bgr, 3, 2, 1, 0},
                            {PixelFormat::rgba, 4, 0, 1, 2},
                            {PixelFormat::bgra, 4, 2, 1, 0},
                            {PixelFormat::grey, 1, 0, 0, 0}};
  for (const Case& c : cases) {
    for (const Format& format : formats) {
      SCOPED_TRACE(c.name + std::string(", format ") + std::to_string(static_cast<int>(format.format)));
      constexpr std::size_t kRowBytes = 16;  // with padding
      const bool grey = format.format == PixelFormat::grey;
      std::array<std::uint8_t, 2 * kRowBytes> stored{};
      for (std::size_t i = 0; i < 6; ++i) {
        std::uint8_t* pixel = stored.data() + i / 3 * kRowBytes + i % 3 * format.bytes;
        const auto letter = static_cast<std::uint8_t>('a' + i);
        pixel[format.blue] = static_cast<std::uint8_t>(letter + 200 - 255);
        pixel[format.green] = static_cast<std::uint8_t>(letter + 100);
        pixel[format.red] = letter;
      }
      for (const bool bottom_up : {false, true}) {
        ImageView view = ImageView::packed(stored.data(), format.format, 3, 2, kRowBytes);
        view.orientation = c.orientation;
        std::array<std::uint8_t, 2 * kRowBytes> reversed{};
        if (bottom_up) {
          std::copy_n(stored.begin(), kRowBytes, reversed.begin() + kRowBytes);
          std::copy_n(stored.begin() + kRowBytes, kRowBytes, reversed.begin());
          view.planes[0] = reversed.data() + kRowBytes;
          view.row_bytes[0] = -static_cast<std::ptrdiff_t>(kRowBytes);
        }
        const auto upright = Image::upright(view);
        ASSERT_TRUE(upright) << upright.error().message;
        EXPECT_EQ(upright->width(), c.width);
        EXPECT_EQ(upright->height(), 6 / c.width);
        std::string seen;
        for (int i = 0; i < 6; ++i) {
          const auto* pixel = static_cast<const std::uint8_t*>(upright->view().planes[0]) + std::ptrdiff_t{3} * i;
          seen += static_cast<char>(pixel[0]);
          EXPECT_EQ(pixel[1], static_cast<std::uint8_t>(pixel[0] + (grey ? 0 : 100)));
        }
        EXPECT_EQ(seen, c.upright);
      }
    }
  }
}

TEST(Upright, RefusesWhatItCannotCopy) {
  EXPECT_FALSE(Image::upright(ImageView{}));
  const std::vector<float> planes(12);
  EXPECT_FALSE(Image::upright(ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 2, 2)));
}

// At an address that nobody can read, so that a look at the pixels would end the test.
TEST(Upright, DeviceMemoryIsNotLookedAt) {
  ImageView view = ImageView::packed(reinterpret_cast<const void*>(64), PixelFormat::rgb, 20, 10);
  view.memory = Memory::device;
  view.orientation = Orientation::rotate_90;
  const auto copy = Image::upright(view);
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(copy.error().message,
            "the picture lies in device memory, which cannot be read here: this is done on the host");
  const auto part = view.crop(1, 2, 3, 4);
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->memory, Memory::device);
  EXPECT_EQ(static_cast<const std::byte*>(part->planes[0]) - static_cast<const std::byte*>(view.planes[0]),
            (20 * 6 + 2) * 3)
      << "column 2 from the left, row 6 from the top as stored";
  EXPECT_FALSE(view.crop(1, 2, 30, 4));
}

TEST(Upright, PixelsCanBeWrittenTo) {
  Image image(std::make_unique<std::byte[]>(2 * 3 * 3), 2, 3, Orientation::transpose);
  ASSERT_EQ(image.pixels().size(), 18u);
  image.pixels()[5] = std::byte{7};  // blue of the second pixel in the first row
  const auto upright = image.upright();
  ASSERT_TRUE(upright) << upright.error().message;
  EXPECT_EQ(upright->width(), 3);
  EXPECT_EQ(static_cast<const std::uint8_t*>(upright->view().planes[0])[3 * 3 + 2], 7) << "now first in the second row";
}

}  // namespace
}  // namespace mobilenet::testing
