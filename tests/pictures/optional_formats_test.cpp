// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// GIF, TIFF, HEIF and AVIF: what only they have. That pixels of GIF and TIFF equal Pillow's is pillow_test's business.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "pictures/picture_files.h"
#include "preprocess/noise_picture.h"

namespace mobilenet::testing {
namespace {

std::string error_of(std::span<const std::byte> file, const DecodeOptions& options = {}) {
  const Result<Image> image = Image::decode(file, options, "holiday.jpg");
  return image ? "no error" : image.error().message;
}

std::span<const std::byte> text(std::string_view bytes) { return std::as_bytes(std::span(bytes)); }

int sample(Image& image, int x, int y, int channel) {
  return std::to_integer<int>(image.pixels()[static_cast<std::size_t>((y * image.width() + x) * 3 + channel)]);
}

TEST(Gif, TheFirstFrameLiesOnItsCanvas) {
  const NoisePicture noise(9, 6);
  Image image = Image::decode(gif_file(GifKind::part_of_canvas, 9, 6)).value();
  ASSERT_EQ(image.width(), 9);
  ASSERT_EQ(image.height(), 6);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 9; ++x) {
      const bool inside = x >= 3 && y >= 2;
      const int number = inside ? noise.rgb[static_cast<std::size_t>((y - 2) * 6 + x - 3)] % 128 : 5;
      for (int c = 0; c < 3; ++c) EXPECT_EQ(sample(image, x, y, c), 255 - (3 * number + c) / 2) << x << ' ' << y;
    }
}

TEST(Gif, InterlacedRowsComeInTheirOrder) {
  Image whole = Image::decode(gif_file(GifKind::whole, 5, 21)).value();
  Image interlaced = Image::decode(gif_file(GifKind::interlaced, 5, 21)).value();
  int place = 0;
  for (const auto& [first, step] : {std::pair{0, 8}, {4, 8}, {2, 4}, {1, 2}})
    for (int y = first; y < 21; y += step, ++place)
      for (int x = 0; x < 5; ++x) EXPECT_EQ(sample(interlaced, x, y, 0), sample(whole, x, place, 0)) << x << ' ' << y;
}

TEST(Gif, NumbersAreKeptForMasks) {
  const NoisePicture noise(9, 6);
  Image mask = Image::decode(gif_file(GifKind::whole, 9, 6), {.stored_numbers = StoredNumbers::numbers}).value();
  for (int i = 0; i < 54; ++i)
    EXPECT_EQ(sample(mask, i % 9, i / 9, 0), noise.rgb[static_cast<std::size_t>(i)] % 128) << i;
}

TEST(Gif, BrokenCodesAndBlocksAreRefused) {
  Bytes file = gif_file(GifKind::whole, 9, 6);
  const std::size_t codes = file.size() - 2 - 56;  // a clearing, 54 numbers, the end; then an empty block and ';'
  ASSERT_EQ(file[codes], std::byte{128});
  Bytes unknown = file;
  unknown[codes + 3] = std::byte{200};  // the table has codes up to 131 there
  EXPECT_EQ(error_of(unknown), "holiday.jpg: is not a readable GIF picture: its pixels are corrupt");
  Bytes early = file;
  early[codes + 3] = std::byte{129};
  EXPECT_EQ(error_of(early), "holiday.jpg: is not a readable GIF picture: it is truncated");
  Bytes wide = file;
  wide[codes - 2] = std::byte{12};
  EXPECT_EQ(error_of(wide), "holiday.jpg: is not a readable GIF picture: its numbers have more than 8 bits");
  Bytes empty = file;
  std::memset(empty.data() + codes - 7, 0, 4);
  EXPECT_EQ(error_of(empty), "holiday.jpg: is not a readable GIF picture: its first frame is empty");
  EXPECT_EQ(error_of(text(std::string_view("GIF89a\1\0\1\0\0\0\0;", 14))),
            "holiday.jpg: is not a readable GIF picture: it has no picture, or is truncated");
}

#ifdef MOBILENET_WITH_TIFF
TEST(Tiff, SaysItsOrientationInExif) {
  for (int value = 0; value <= 8; ++value) {
    const Image image = Image::decode(tiff_file(TiffKind::rgb_strips, 8, 6, value)).value();
    EXPECT_EQ(image.orientation(), orientation_from_exif(value)) << value;
    EXPECT_EQ(image.width(), 8);
    const std::string exif(reinterpret_cast<const char*>(image.exif().data()), image.exif().size());
    EXPECT_NE(exif.find(std::string("tests\0", 6)), std::string::npos) << "the writing program's name";
    // The block is one: a JPEG with it has the orientation.
    const Bytes copy(image.exif().begin(), image.exif().end());
    EXPECT_EQ(Image::decode(jpeg_file(JpegKind::baseline, 8, 6, copy)).value().orientation(), image.orientation());
    const Bytes upright = image.upright_exif().value();
    EXPECT_EQ(Image::decode(jpeg_file(JpegKind::baseline, 8, 6, upright)).value().orientation(), Orientation::upright);
  }
}

TEST(Tiff, KeepsItsProfile) {
  const Bytes profile(300, std::byte{7});
  const Image image = Image::decode(tiff_file(TiffKind::jpeg, 8, 6, 0, profile)).value();
  EXPECT_TRUE(std::ranges::equal(image.icc_profile(), profile));
}

// A directory in front of the pixels, so that a cut file has one.
Bytes small_tiff(std::initializer_list<std::pair<int, std::uint32_t>> tags, std::size_t pixel_bytes) {
  Bytes file;
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<std::byte>(value >> (8 * i)));
  };
  put(0x002a4949, 4), put(8, 4), put(static_cast<std::uint32_t>(tags.size()), 2);
  for (const auto& [tag, value] : tags) put(static_cast<std::uint32_t>(tag), 2), put(4, 2), put(1, 4), put(value, 4);
  put(0, 4);
  for (std::size_t i = 0; i < pixel_bytes; ++i) file.push_back(static_cast<std::byte>(i * 7));
  return file;
}

constexpr std::uint32_t kNine = 8 + 2 + 9 * 12 + 4;  // where pixels begin behind nine tags

TEST(Tiff, WhatIsNotThereOrTooMuchIsRefused) {
  const Bytes good =
      small_tiff({{256, 4}, {257, 3}, {258, 8}, {259, 1}, {262, 1}, {273, kNine}, {277, 1}, {278, 3}, {279, 12}}, 12);
  EXPECT_EQ(error_of(good), "no error");
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(error_of(std::span(good).first(length)), "no error") << "cut to " << length;

  const Bytes lab =
      small_tiff({{256, 4}, {257, 3}, {258, 8}, {259, 1}, {262, 8}, {273, kNine}, {277, 3}, {278, 3}, {279, 36}}, 36);
  EXPECT_EQ(
      error_of(lab).rfind("holiday.jpg: is a TIFF picture of 3 samples of 8 bits, photometric interpretation 8", 0), 0u)
      << error_of(lab);
  const Bytes huge = small_tiff({{256, 1u << 20},
                                 {257, 1u << 20},
                                 {258, 8},
                                 {259, 1},
                                 {262, 1},
                                 {273, kNine},
                                 {277, 1},
                                 {278, 1u << 20},
                                 {279, 12}},
                                12);
  EXPECT_NE(error_of(huge).find("has 1048576x1048576 pixels, more than the limit"), std::string::npos)
      << error_of(huge);
  const Bytes tile = small_tiff({{256, 4},
                                 {257, 3},
                                 {258, 8},
                                 {259, 1},
                                 {262, 1},
                                 {277, 1},
                                 {322, 1u << 15},
                                 {323, 1u << 15},
                                 {324, kNine + 12},
                                 {325, 12}},
                                12);
  EXPECT_EQ(error_of(tile),
            "holiday.jpg: is not a readable TIFF picture: its tiles have an impossible size of 32768x32768 pixels");
  const Bytes preview = small_tiff({{254, 1},
                                    {256, 4},
                                    {257, 3},
                                    {258, 8},
                                    {259, 1},
                                    {262, 1},
                                    {273, kNine + 24},
                                    {277, 1},
                                    {278, 3},
                                    {279, 12},
                                    {330, 8}},
                                   12);
  EXPECT_EQ(error_of(preview), "holiday.jpg: is a camera's raw picture; develop it to JPEG or PNG first");
}
#else
TEST(Tiff, ABuildWithoutItSaysSo) {
  EXPECT_EQ(error_of(text(std::string_view("II*\0\x08\0\0\0", 8))),
            "holiday.jpg: is a picture of kind TIFF, which this build does not read: it was built without libtiff "
            "(MOBILENET_TIFF)");
}
#endif

// What the container says turns a picture, once; EXIF only repeats it.
#ifdef MOBILENET_WITH_HEIF
class Heic : public ::testing::TestWithParam<HeicKind> {
 protected:
  void SetUp() override {
    if (!writes_heic()) GTEST_SKIP() << "needs an encoder of libheif";
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, Heic, ::testing::Values(HeicKind::upright, HeicKind::turned),
                         [](const auto& kind) { return kind.param == HeicKind::turned ? "Turned" : "Upright"; });

TEST_P(Heic, PixelsComeUpright) {
  constexpr int kWidth = 96, kHeight = 64;
  constexpr double kMeanStep = 10;  // of luma, by encoding with loss: 4; to the luma of another pixel of the noise: 30
  const bool turned = GetParam() == HeicKind::turned;
  const NoisePicture noise(kWidth, kHeight);
  for (const int exif : {0, 1, 6, 8}) {
    Image image = Image::decode(heic_file(GetParam(), kWidth, kHeight, exif > 0 ? exif_block(exif) : Bytes())).value();
    ASSERT_EQ(image.width(), turned ? kHeight : kWidth);
    ASSERT_EQ(image.height(), turned ? kWidth : kHeight);
    EXPECT_EQ(image.orientation(), Orientation::upright);
    const Bytes upright = exif > 0 ? exif_block(1) : Bytes();
    EXPECT_TRUE(std::ranges::equal(image.exif(), upright)) << "EXIF tells of the turn again";
    double steps = 0;
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x) {
        constexpr double kWeights[] = {0.299, 0.587, 0.114};
        double difference = 0;
        for (int c = 0; c < 3; ++c)
          difference += kWeights[c] * (noise.rgb[static_cast<std::size_t>((y * kWidth + x) * 3 + c)] -
                                       (turned ? sample(image, kHeight - 1 - y, x, c) : sample(image, x, y, c)));
        steps += std::abs(difference);
      }
    EXPECT_LT(steps / (kWidth * kHeight), kMeanStep) << "EXIF " << exif;
  }
}

TEST_P(Heic, KeepsItsProfile) {
  const Bytes profile(400, std::byte{9});
  const Image image = Image::decode(heic_file(GetParam(), 64, 64, {}, profile)).value();
  EXPECT_TRUE(std::ranges::equal(image.icc_profile(), profile));
}

TEST_P(Heic, OtherCodecsAreUnsupported) {
  Bytes file = heic_file(GetParam(), 64, 64);
  for (std::size_t at = 0; at + 4 <= file.size(); ++at)
    if (std::memcmp(file.data() + at, "hvc1", 4) == 0) std::memcpy(file.data() + at, "vvc1", 4);
  const Result<Image> image = Image::decode(file, {}, "holiday.jpg");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::unsupported) << image.error().message;
  EXPECT_EQ(image.error().message.rfind("holiday.jpg: is ", 0), 0u) << image.error().message;
}
#else
TEST(Heic, ABuildWithoutItSaysSo) {
  EXPECT_EQ(error_of(text(std::string_view("\0\0\0\x18"
                                           "ftypheic\0\0\0\0mif1heic",
                                           24))),
            "holiday.jpg: is a picture of kind HEIF, which this build does not read: it was built without libheif "
            "(MOBILENET_HEIF)");
}
#endif

#ifdef MOBILENET_WITH_AVIF
TEST(Avif, OrientationIsThatOfTheContainer) {
  if (!writes_avif()) GTEST_SKIP() << "needs an encoder of libavif";
  for (int value = 1; value <= 8; ++value)
    for (const int exif : {0, 1, 3, 6}) {
      const auto orientation = static_cast<Orientation>(value);
      const Bytes block = exif > 0 ? exif_block(exif) : Bytes();
      const Image image = Image::decode(avif_file(AvifKind::lossy, 16, 8, orientation, block)).value();
      EXPECT_EQ(image.orientation(), orientation) << value;
      EXPECT_EQ(image.width(), 16);
      EXPECT_TRUE(std::ranges::equal(image.exif(), block));
    }
}

TEST(Avif, KeepsItsProfile) {
  if (!writes_avif()) GTEST_SKIP() << "needs an encoder of libavif";
  const Bytes profile(400, std::byte{9});
  const Image image = Image::decode(avif_file(AvifKind::lossy, 16, 8, Orientation::upright, {}, profile)).value();
  EXPECT_TRUE(std::ranges::equal(image.icc_profile(), profile));
}

// The container's size is looked at first, and the coded picture's before it is decoded.
TEST(Avif, ACodedPictureBeyondTheLimitIsRefused) {
  if (!writes_avif()) GTEST_SKIP() << "needs an encoder of libavif";
  Bytes file = avif_file(AvifKind::lossy, 64, 48);
  const auto at = std::search(file.begin(), file.end(), text("ispe").begin(), text("ispe").end());
  ASSERT_NE(at, file.end());
  at[11] = std::byte{16};  // behind the name and a version: the width's last byte
  EXPECT_EQ(error_of(file, {.max_pixels = 16 * 48}).rfind("holiday.jpg: is not a readable AVIF picture", 0), 0u);
}
#else
TEST(Avif, ABuildWithoutItSaysSo) {
  EXPECT_EQ(error_of(text(std::string_view("\0\0\0\x18"
                                           "ftypmif1\0\0\0\0avifmif1",
                                           24))),
            "holiday.jpg: is a picture of kind AVIF, which this build does not read: it was built without libavif "
            "(MOBILENET_AVIF)");
}
#endif

}  // namespace
}  // namespace mobilenet::testing
