// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pictures encoded and decoded again.

#include <gtest/gtest.h>
#include <mobilenet/encode.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "encode/encoders.h"

#ifdef MOBILENET_WITH_PNG
#include <spng.h>
#endif

namespace mobilenet::encoding {
namespace {

// Smooth, with another colour in every pixel.
std::vector<std::uint8_t> gradient(int width, int height) {
  std::vector<std::uint8_t> rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)}) {
        rgb.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return rgb;
}

std::vector<std::uint8_t> rgb_of(Image image) {
  std::vector<std::uint8_t> rgb;
  for (const std::byte sample : image.pixels()) rgb.push_back(std::to_integer<std::uint8_t>(sample));
  return rgb;
}

// At an address that nobody can read.
TEST(Encode, RefusesPicturesInDeviceMemory) {
  ImageView view = ImageView::packed(reinterpret_cast<const void*>(64), PixelFormat::rgb, 20, 10);
  view.memory = Memory::device;
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::jpeg}) EXPECT_FALSE(encode(view, format));
}

TEST(Encode, TheEndingChooses) {
  const auto message = [](const char* name) {
    const auto format = picture_format_of(name);
    return format ? std::string("fine") : format.error().message;
  };
  EXPECT_EQ(message("a.gif"), "a.gif: pictures are written to .png, .jpg or .jpeg files");
  EXPECT_EQ(message("picture"), "picture: pictures are written to .png, .jpg or .jpeg files");
  EXPECT_EQ(message(".png"), ".png: pictures are written to .png, .jpg or .jpeg files") << "a name, no ending";
#ifdef MOBILENET_WITH_PNG
  EXPECT_EQ(*picture_format_of("a.PNG"), PictureFormat::png);
#endif
#ifdef MOBILENET_WITH_JPEG
  EXPECT_EQ(*picture_format_of("a.b.jpg"), PictureFormat::jpeg);
  EXPECT_EQ(*picture_format_of("a.Jpeg"), PictureFormat::jpeg);
#endif
}

#ifdef MOBILENET_WITH_PNG
TEST(Encode, PngKeepsEveryPixel) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{37, 21}, std::pair{640, 480}}) {
    const auto rgb = gradient(width, height);
    const auto file = encode(ImageView::packed(rgb.data(), PixelFormat::rgb, width, height), PictureFormat::png);
    ASSERT_TRUE(file) << file.error().message;
    auto image = Image::decode(*file);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->width(), width);
    EXPECT_EQ(image->height(), height);
    EXPECT_EQ(rgb_of(*std::move(image)), rgb);
  }
}

// The same bytes, however the pixels are stored.
TEST(Encode, AnyPackedPixels) {
  constexpr int kWidth = 5, kHeight = 4, kRowBytes = 24;
  const auto rgb = gradient(kWidth, kHeight);
  const auto expected = encode(ImageView::packed(rgb.data(), PixelFormat::rgb, kWidth, kHeight), PictureFormat::png);
  ASSERT_TRUE(expected);
  std::vector<std::uint8_t> padded(kRowBytes * kHeight), bgra, turned(rgb.size());
  for (std::size_t i = 0; i < kWidth * kHeight; ++i) {
    const std::uint8_t* pixel = rgb.data() + 3 * i;
    std::copy_n(pixel, 3, padded.begin() + static_cast<std::ptrdiff_t>(i / kWidth * kRowBytes + i % kWidth * 3));
    bgra.insert(bgra.end(), {pixel[2], pixel[1], pixel[0], 99});
    std::copy_n(pixel, 3, turned.end() - static_cast<std::ptrdiff_t>(3 * (i + 1)));
  }
  ImageView half_a_turn = ImageView::packed(turned.data(), PixelFormat::rgb, kWidth, kHeight);
  half_a_turn.orientation = Orientation::rotate_180;
  for (const ImageView& view : {ImageView::packed(padded.data(), PixelFormat::rgb, kWidth, kHeight, kRowBytes),
                                ImageView::packed(bgra.data(), PixelFormat::bgra, kWidth, kHeight), half_a_turn}) {
    const auto file = encode(view, PictureFormat::png);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(*file, *expected);
  }
}

// A mask that is read with its palette, or without.
TEST(Encode, MasksKeepTheirNumbersAndHaveTheColoursOfPascalVoc) {
  struct Case {
    std::uint8_t index;
    std::uint8_t red, green, blue;
  };
  const Case cases[] = {{0, 0, 0, 0},    {1, 128, 0, 0},      {2, 0, 128, 0},      {7, 128, 128, 128},
                        {8, 64, 0, 0},   {15, 192, 128, 128}, {20, 0, 64, 128},    {64, 32, 0, 0},
                        {128, 0, 32, 0}, {200, 96, 32, 0},    {255, 224, 224, 192}};
  std::vector<std::uint8_t> mask;
  for (const Case& c : cases) mask.push_back(c.index);
  const auto file = encode_mask(mask, static_cast<int>(mask.size()), 1);
  ASSERT_TRUE(file) << file.error().message;
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> reader(spng_ctx_new(0), &spng_ctx_free);
  ASSERT_EQ(spng_set_png_buffer(reader.get(), file->data(), file->size()), 0);
  spng_ihdr header{};
  ASSERT_EQ(spng_get_ihdr(reader.get(), &header), 0);
  EXPECT_EQ(header.color_type, SPNG_COLOR_TYPE_INDEXED);
  EXPECT_EQ(header.bit_depth, 8);
  const auto colours = rgb_of(Image::decode(*file).value());
  const auto numbers = rgb_of(Image::decode(*file, {.stored_numbers = StoredNumbers::numbers}).value());
  for (std::size_t i = 0; i < mask.size(); ++i) {
    EXPECT_EQ(numbers[3 * i], mask[i]);
    EXPECT_EQ(colours[3 * i], cases[i].red) << int{mask[i]};
    EXPECT_EQ(colours[3 * i + 1], cases[i].green) << int{mask[i]};
    EXPECT_EQ(colours[3 * i + 2], cases[i].blue) << int{mask[i]};
  }
}

TEST(Encode, RefusesPixelsThatDoNotFit) {
  const auto mask = encode_mask(std::vector<std::uint8_t>(99), 10, 10);
  ASSERT_FALSE(mask);
  EXPECT_EQ(mask.error().message, "cannot make a PNG of 10x10 pixels from 99 bytes");
  EXPECT_FALSE(encode_mask({}, 0, 0));
  EXPECT_FALSE(encode_mask(std::vector<std::uint8_t>(9), -3, -3));
  EXPECT_FALSE(encode(ImageView{}, PictureFormat::png));
  const std::vector<float> planes(12);
  EXPECT_FALSE(encode(ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 2, 2), PictureFormat::png));
}

// A little-endian EXIF block that says: orientation.
std::vector<std::byte> exif_block(unsigned orientation) {
  std::vector<std::byte> block;
  const unsigned values[] = {'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 1, 3,
                             0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0, 0};
  for (const unsigned value : values) block.push_back(static_cast<std::byte>(value));
  return block;
}

std::vector<std::byte> profile_of(std::string_view colour_space) {
  std::vector<std::byte> profile(70'000, std::byte{7});  // more than a JPEG segment holds
  std::memcpy(profile.data() + 16, colour_space.data(), colour_space.size());
  return profile;
}

TEST(Encode, CopiesKeepExifAndProfile) {
  const auto stored = gradient(30, 20);
  for (const char* colours : {"RGB ", "GRAY", "CMYK"}) {
    const auto exif = exif_block(6), profile = profile_of(colours);
    const Image image = Image::decode(encode_png({30, 20, stored.data()}, {exif, profile}).value()).value();
    ASSERT_EQ(image.orientation(), Orientation::rotate_90);
    const Image upright = image.upright().value();
    for (const Image* picture : {&image, &upright}) {
      for (const PictureFormat format : {PictureFormat::png, PictureFormat::jpeg}) {
        const auto file = encode(*picture, format);
        if (!file && file.error().code == ErrorCode::unsupported) continue;  // a codec is not built in
        ASSERT_TRUE(file) << file.error().message;
        const Image copy = Image::decode(*file).value();
        EXPECT_EQ(copy.width(), 20);
        EXPECT_EQ(copy.orientation(), Orientation::upright);
        EXPECT_TRUE(std::ranges::equal(copy.exif(), exif_block(1)));
        const auto expected = std::string_view(colours) == "RGB " ? profile : std::vector<std::byte>();
        EXPECT_TRUE(std::ranges::equal(copy.icc_profile(), expected)) << colours;
      }
    }
  }
}
#endif

#ifdef MOBILENET_WITH_JPEG
TEST(Encode, JpegStaysClose) {
  // Quality 92 without subsampling, on a gradient: the rounding of the coefficients and of the colour conversion.
  constexpr int kTolerance = 8;
  const auto rgb = gradient(320, 200);
  const auto file = encode(ImageView::packed(rgb.data(), PixelFormat::rgb, 320, 200), PictureFormat::jpeg);
  ASSERT_TRUE(file) << file.error().message;
  auto image = Image::decode(*file);
  ASSERT_TRUE(image) << image.error().message;
  const auto back = rgb_of(*std::move(image));
  ASSERT_EQ(back.size(), rgb.size());
  int worst = 0;
  for (std::size_t i = 0; i < rgb.size(); ++i) worst = std::max(worst, std::abs(back[i] - rgb[i]));
  EXPECT_LE(worst, kTolerance);
}

// The sampling factors of luma, high bits first, as the file's frame header has them.
int luma_sampling(std::span<const std::byte> file) {
  for (std::size_t at = 2; at + 12 < file.size();) {
    if (file[at + 1] == std::byte{0xC0}) return std::to_integer<int>(file[at + 11]);
    at += 2 + 256 * std::to_integer<std::size_t>(file[at + 2]) + std::to_integer<std::size_t>(file[at + 3]);
  }
  return -1;
}

TEST(Encode, JpegOptionsChooseQualityAndColour) {
  const auto rgb = gradient(320, 200);
  const ImageView view = ImageView::packed(rgb.data(), PixelFormat::rgb, 320, 200);
  const auto fine = encode(view, PictureFormat::jpeg).value();
  const auto coarse = encode(view, PictureFormat::jpeg, {.quality = 30}).value();
  const auto half = encode(view, PictureFormat::jpeg, {.half_colour = true}).value();
  EXPECT_EQ(fine, encode(view, PictureFormat::jpeg, {.quality = 92, .half_colour = false}).value());
  EXPECT_LT(coarse.size(), fine.size());
  EXPECT_LT(half.size(), fine.size());
  EXPECT_EQ(luma_sampling(fine), 0x11);
  EXPECT_EQ(luma_sampling(coarse), 0x11);
  EXPECT_EQ(luma_sampling(half), 0x22);
  for (const int quality : {0, -5, 101}) {
    const auto file = encode(view, PictureFormat::jpeg, {.quality = quality});
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message, "the quality of a JPEG is 1 to 100, not " + std::to_string(quality));
  }
}

TEST(Encode, JpegHasALargestSize) {
  const std::vector<std::uint8_t> wide(3 * 70000);
  const auto file = encode(ImageView::packed(wide.data(), PixelFormat::rgb, 70000, 1), PictureFormat::jpeg);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("at most 65500 pixels a side"), std::string::npos) << file.error().message;
}
#endif

}  // namespace
}  // namespace mobilenet::encoding
