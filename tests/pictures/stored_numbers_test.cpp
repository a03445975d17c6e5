// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Masks: pictures whose pixels are numbers.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pictures/picture_files.h"

namespace mobilenet::testing {
namespace {

// A BMP of 8 bits with a palette that is not needed to read it.
std::string bmp(int width, int height, const std::string& rows, int bits = 8, unsigned start = 58) {
  std::string file = "BM";
  const auto add = [&file](std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file += static_cast<char>(value >> (8 * i) & 255);
  };
  add(0, 8), add(start, 4), add(40, 4);
  add(static_cast<std::uint32_t>(width), 4), add(static_cast<std::uint32_t>(height), 4);
  add(1, 2), add(static_cast<std::size_t>(bits), 2), file.append(28, '\0');
  return file + rows;
}

Result<Image> decode(const std::string& file, std::int64_t max_pixels = 0) {
  return Image::decode(std::as_bytes(std::span(file)), {max_pixels, StoredNumbers::numbers}, "mask");
}

std::vector<int> numbers_of(Result<Image>& mask) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < mask->pixels().size(); i += 3) numbers.push_back(std::to_integer<int>(mask->pixels()[i]));
  return numbers;
}

TEST(StoredNumbers, Bmp) {
  const std::string rows("\1\2\3\0\4\5\6\0", 8);
  auto bottom_up = decode(bmp(3, 2, rows)), top_down = decode(bmp(3, -2, rows));
  ASSERT_TRUE(bottom_up && top_down);
  EXPECT_EQ(numbers_of(bottom_up), (std::vector<int>{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(numbers_of(top_down), (std::vector<int>{1, 2, 3, 4, 5, 6}));
}

TEST(StoredNumbers, OnlyWhereThereAreSome) {
  for (const NamedFile& file : one_file_of_each_kind(23, 17)) {
    const auto mask = Image::decode(file.bytes, {.stored_numbers = StoredNumbers::numbers}, "mask");
    const bool numbers = file.name.find("palette") != std::string::npos || file.name == "interlaced 2-bit PNG" ||
                         file.name == "8-bit BMP" || file.name.ends_with("GIF") || file.name == "fax TIFF";
    EXPECT_EQ(static_cast<bool>(mask), numbers) << file.name;
    if (!mask) {
      EXPECT_NE(mask.error().message.find("mask: is no mask: its pixels are colours"), std::string::npos)
          << mask.error().message;
    }
  }
}

TEST(StoredNumbers, Broken) {
  const std::string rows(8, '\1');
  EXPECT_FALSE(decode(""));
  EXPECT_FALSE(decode("BM"));
  EXPECT_FALSE(decode("\x89PNG"));
  EXPECT_FALSE(decode(bmp(3, 3, rows)));
  EXPECT_FALSE(decode(bmp(3, 2, rows.substr(2))));
  EXPECT_FALSE(decode(bmp(3, 2, rows, 24)));
  EXPECT_FALSE(decode(bmp(3, 2, rows, 8, 0xffffffff)));
  EXPECT_FALSE(decode(bmp(0, 2, rows)));
  EXPECT_FALSE(decode(bmp(-3, 2, rows)));
  EXPECT_FALSE(decode(bmp(3, INT32_MIN, rows)));
  EXPECT_FALSE(decode(bmp(INT32_MAX, INT32_MAX, rows)));
  EXPECT_FALSE(decode(bmp(3, 2, rows), 5));
  EXPECT_TRUE(decode(bmp(3, 2, rows), 6));
}

}  // namespace
}  // namespace mobilenet::testing
