// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pictures that are decoded to something else than their file's pixels, because it was asked for.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "pictures/picture_files.h"

#ifdef MOBILENET_WITH_LCMS
#include <lcms2.h>
#endif

namespace mobilenet::testing {
namespace {

TEST(ShorterSide, ChoosesTheSmallestScaleThatLeavesIt) {
  const Bytes wide = jpeg_file(JpegKind::baseline, 163, 81);
  struct Case {
    int shorter_side, width, height;
  };
  for (const Case& c : {Case{0, 163, 81},
                        {1, 21, 11},
                        {11, 21, 11},
                        {12, 41, 21},
                        {21, 41, 21},
                        {22, 82, 41},
                        {41, 82, 41},
                        {42, 163, 81},
                        {81, 163, 81},
                        {1000, 163, 81}}) {
    const Image image = Image::decode(wide, {.shorter_side = c.shorter_side}).value();
    EXPECT_EQ(image.width(), c.width) << c.shorter_side;
    EXPECT_EQ(image.height(), c.height) << c.shorter_side;
  }
  const Result<Image> negative = Image::decode(wide, {.shorter_side = -1}, "holiday.jpg");
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(negative.error().message, "holiday.jpg: cannot be decoded to a shorter side of -1 pixels");
}

TEST(ShorterSide, TheLimitOnPixelsIsThatOfTheFile) {
  const Bytes file = jpeg_file(JpegKind::baseline, 160, 80);
  EXPECT_FALSE(Image::decode(file, {.max_pixels = 160 * 80 - 1, .shorter_side = 1}));
  EXPECT_TRUE(Image::decode(file, {.max_pixels = 160 * 80, .shorter_side = 1}));
}

// Each pixel of the smaller picture is about the mean of those that it covers.
TEST(ShorterSide, PixelsAreMeansOfWhatTheyCover) {
  constexpr int kMostStep = 2;  // an eighth is the block's mean itself, but for rounding and clamping
  Image whole = Image::decode(jpeg_file(JpegKind::grey, 64, 48)).value();
  Image eighth = Image::decode(jpeg_file(JpegKind::grey, 64, 48), {.shorter_side = 6}).value();
  ASSERT_EQ(eighth.width(), 8);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 8; ++x) {
      int sum = 0;
      for (int i = 0; i < 64; ++i)
        sum +=
            std::to_integer<int>(whole.pixels()[static_cast<std::size_t>(((y * 8 + i / 8) * 64 + x * 8 + i % 8) * 3)]);
      const int got = std::to_integer<int>(eighth.pixels()[static_cast<std::size_t>((y * 8 + x) * 3)]);
      EXPECT_LE(std::abs(got - sum / 64), kMostStep) << x << ' ' << y;
    }
}

TEST(ShorterSide, OtherFilesAndMetadataAreAsTheyAre) {
  for (const NamedFile& file : one_file_of_each_kind(40, 30)) {
    const Image exact = Image::decode(file.bytes).value();
    const Image asked = Image::decode(file.bytes, {.shorter_side = 3}).value();
    const bool jpeg = file.name.ends_with("JPEG");
    EXPECT_EQ(asked.width(), jpeg ? 5 : exact.width()) << file.name;
    EXPECT_EQ(asked.orientation(), exact.orientation()) << file.name;
    EXPECT_TRUE(std::ranges::equal(asked.exif(), exact.exif())) << file.name;
  }
}

#if defined(MOBILENET_WITH_LCMS) && defined(MOBILENET_WITH_TIFF)
Bytes saved(cmsHPROFILE profile) {
  const std::unique_ptr<void, void (*)(void*)> owner(profile, [](void* made) { cmsCloseProfile(made); });
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  Bytes bytes(size);
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  return bytes;
}

// Display P3: the primaries of DCI-P3, daylight as white, the curve of sRGB.
Bytes display_p3() {
  const cmsCIExyY white{0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries{{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
  const cmsFloat64Number curve[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* const built = cmsBuildParametricToneCurve(nullptr, 4, curve);
  cmsToneCurve* curves[] = {built, built, built};
  const Bytes profile = saved(cmsCreateRGBProfile(&white, &primaries, curves));
  cmsFreeToneCurve(built);
  return profile;
}

double linear(double byte) {
  const double value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double byte_of(double value) {
  value = std::clamp(value, 0.0, 1.0);
  return 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055);
}

// Against the formula, in double: the matrix from Display P3 to sRGB, both of one white.
TEST(ToSrgb, DisplayP3BecomesWhatTheFormulaSays) {
  constexpr double kMatrix[3][3] = {
      {1.22494018, -0.22494018, 0}, {-0.04205695, 1.04205695, 0}, {-0.01963755, -0.07863605, 1.09827360}};
  constexpr double kMostStep = 1.6;  // bytes rounded, and the profile's numbers of 16 bits
  const Bytes file = tiff_file(TiffKind::rgb_strips, 40, 30, 0, display_p3());
  Image stored = Image::decode(file).value(), converted = Image::decode(file, {.to_srgb = true}).value();
  EXPECT_FALSE(stored.icc_profile().empty());
  EXPECT_TRUE(converted.icc_profile().empty()) << "the pixels are no longer of that profile";
  int changed = 0;
  for (std::size_t i = 0; i < stored.pixels().size(); i += 3) {
    double in[3];
    for (std::size_t c = 0; c < 3; ++c) in[c] = linear(std::to_integer<int>(stored.pixels()[i + c]));
    for (std::size_t c = 0; c < 3; ++c) {
      const double expected = byte_of(kMatrix[c][0] * in[0] + kMatrix[c][1] * in[1] + kMatrix[c][2] * in[2]);
      EXPECT_NEAR(std::to_integer<int>(converted.pixels()[i + c]), expected, kMostStep) << i << ' ' << c;
      changed += stored.pixels()[i + c] != converted.pixels()[i + c];
    }
  }
  EXPECT_GT(changed, 1000) << "of 3600 bytes";
}

TEST(ToSrgb, ProfilesOfGreyChangeNothingAndBrokenOnesAreErrors) {
  cmsToneCurve* const curve = cmsBuildGamma(nullptr, 1.8);
  const Bytes grey = saved(cmsCreateGrayProfile(cmsD50_xyY(), curve));
  cmsFreeToneCurve(curve);
  const Bytes file = tiff_file(TiffKind::rgb_strips, 8, 6, 0, grey);
  Image stored = Image::decode(file).value(), asked = Image::decode(file, {.to_srgb = true}).value();
  EXPECT_TRUE(std::ranges::equal(stored.pixels(), asked.pixels()));
  EXPECT_FALSE(asked.icc_profile().empty());

  Bytes broken = display_p3();
  for (std::size_t length : {std::size_t{1}, std::size_t{127}, broken.size() / 2}) {
    const Bytes part(broken.begin(), broken.begin() + static_cast<std::ptrdiff_t>(length));
    const Bytes bad = tiff_file(TiffKind::rgb_strips, 8, 6, 0, part);
    EXPECT_TRUE(Image::decode(bad));
    const Result<Image> image = Image::decode(bad, {.to_srgb = true}, "holiday.tif");
    ASSERT_FALSE(image) << length;
    EXPECT_EQ(image.error().message.rfind("holiday.tif: its colour profile", 0), 0u) << image.error().message;
  }
}

TEST(ToSrgb, MasksKeepTheirNumbers) {
  const Bytes file = tiff_file(TiffKind::palette_4, 8, 6, 0, display_p3());
  Image plain = Image::decode(file, {.stored_numbers = StoredNumbers::numbers}).value();
  Image asked = Image::decode(file, {.stored_numbers = StoredNumbers::numbers, .to_srgb = true}).value();
  EXPECT_TRUE(std::ranges::equal(plain.pixels(), asked.pixels()));
}
#elif !defined(MOBILENET_WITH_LCMS) && defined(MOBILENET_WITH_TIFF)
TEST(ToSrgb, ABuildWithoutItSaysSo) {
  const Bytes file = tiff_file(TiffKind::rgb_strips, 8, 6, 0, Bytes(200, std::byte{1}));
  EXPECT_TRUE(Image::decode(tiff_file(TiffKind::rgb_strips, 8, 6), {.to_srgb = true}));
  const Result<Image> image = Image::decode(file, {.to_srgb = true}, "holiday.tif");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::unsupported);
  EXPECT_NE(image.error().message.find("MOBILENET_LCMS"), std::string::npos) << image.error().message;
}
#endif

}  // namespace
}  // namespace mobilenet::testing
