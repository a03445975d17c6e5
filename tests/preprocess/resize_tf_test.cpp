// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// TensorFlow's bilinear resize against its formula in double, and against small pictures worked out by hand.

#include "preprocess/resize_tf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "preprocess/noise_picture.h"

namespace mobilenet::testing {
namespace {

// A source position in float32 is off by up to 2^-24 of itself (up to 300 here), and neighbours differ by up to 255.
constexpr double kTolerance = 300 * 0x1p-23 * 255 * 2;

double source_position(TfCentres centres, int i, int source, int target) {
  if (centres == TfCentres::align_corners && target > 1) return i * (source - 1.0) / (target - 1.0);
  if (centres == TfCentres::half_pixel) return (i + 0.5) * source / target - 0.5;
  return static_cast<double>(i) * source / target;
}

double interpolated(const NoisePicture& picture, double x, double y, int c) {
  const auto pixel = [&](double column, double row) {
    return static_cast<double>(picture.at(std::clamp(static_cast<int>(column), 0, picture.width - 1),
                                          std::clamp(static_cast<int>(row), 0, picture.height - 1), c));
  };
  const double left = std::floor(x), top = std::floor(y), dx = x - left, dy = y - top;
  return (pixel(left, top) * (1 - dx) + pixel(left + 1, top) * dx) * (1 - dy) +
         (pixel(left, top + 1) * (1 - dx) + pixel(left + 1, top + 1) * dx) * dy;
}

std::vector<float> resized(TfCentres centres, const ImageView& view, const Geometry& geometry) {
  std::vector<float> out(static_cast<std::size_t>(geometry.columns.window_size * geometry.rows.window_size * 3));
  TfResize(centres).run(UprightPixels::of(view).value(), geometry, out.data());
  return out;
}

Geometry whole(int width, int height, int new_width, int new_height) {
  return {{0, width, new_width, 0, new_width, 0}, {0, height, new_height, 0, new_height, 0}};
}

class TfFlavours : public ::testing::TestWithParam<TfCentres> {};
INSTANTIATE_TEST_SUITE_P(Resize, TfFlavours,
                         ::testing::Values(TfCentres::legacy, TfCentres::align_corners, TfCentres::half_pixel));

TEST_P(TfFlavours, EqualTheFormula) {
  constexpr int kSizes[][4] = {{1, 1, 4, 3},   {7, 5, 1, 1},      {13, 8, 13, 8}, {9, 11, 31, 20},
                               {50, 40, 7, 9}, {300, 200, 24, 3}, {2, 90, 45, 2}};
  for (const auto& [width, height, new_width, new_height] : kSizes) {
    const NoisePicture picture(width, height);
    const std::vector<float> got = resized(GetParam(), picture.view(), whole(width, height, new_width, new_height));
    for (int y = 0; y < new_height; ++y)
      for (int x = 0; x < new_width; ++x)
        for (int c = 0; c < 3; ++c)
          ASSERT_NEAR(got[static_cast<std::size_t>((y * new_width + x) * 3 + c)],
                      interpolated(picture, source_position(GetParam(), x, width, new_width),
                                   source_position(GetParam(), y, height, new_height), c),
                      kTolerance)
              << width << 'x' << height << " to " << new_width << 'x' << new_height << " at " << x << ' ' << y;
  }
}

TEST_P(TfFlavours, WindowsAreCutsOfTheWholeCrop) {
  const NoisePicture picture(40, 30);
  const std::vector<float> all = resized(GetParam(), picture.view(), {{5, 31, 20, 0, 20, 0}, {4, 22, 50, 0, 50, 0}});
  const std::vector<float> window = resized(GetParam(), picture.view(), {{5, 31, 20, 6, 8, 0}, {4, 22, 50, 17, 12, 0}});
  for (int y = 0; y < 12; ++y)
    for (int i = 0; i < 8 * 3; ++i)
      ASSERT_EQ(window[static_cast<std::size_t>(y * 24 + i)], all[static_cast<std::size_t>((y + 17) * 60 + 18 + i)]);
}

TEST_P(TfFlavours, FloatPlanesAreScaledToBytes) {
  const NoisePicture picture(17, 12);
  std::vector<float> planes(picture.rgb.size());
  for (std::size_t i = 0; i < planes.size(); ++i)
    planes[i % 3 * (planes.size() / 3) + i / 3] = static_cast<float>(picture.rgb[i]) / 255.0f;
  const Geometry geometry = whole(17, 12, 9, 14);
  const ImageView view = ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 17, 12);
  const std::vector<float> floats = resized(GetParam(), view, geometry);
  const std::vector<float> bytes = resized(GetParam(), picture.view(), geometry);
  for (std::size_t i = 0; i < bytes.size(); ++i) ASSERT_NEAR(floats[i], bytes[i], kTolerance);
}

TEST(TfResize, ByHand) {
  const std::uint8_t row[] = {0, 0, 0, 100, 100, 100};  // two pixels
  const ImageView view = ImageView::packed(row, PixelFormat::rgb, 2, 1);
  const auto red = [&](TfCentres centres) {
    std::vector<float> values;
    const std::vector<float> all = resized(centres, view, whole(2, 1, 4, 1));
    for (std::size_t i = 0; i < all.size(); i += 3) values.push_back(all[i]);
    return values;
  };
  EXPECT_EQ(red(TfCentres::legacy), (std::vector<float>{0, 50, 100, 100}));
  EXPECT_EQ(red(TfCentres::half_pixel), (std::vector<float>{0, 25, 75, 100}));
  const std::vector<float> corners = red(TfCentres::align_corners);
  EXPECT_FLOAT_EQ(corners[1], 100.0f / 3);
  EXPECT_FLOAT_EQ(corners[3], 100);
}

}  // namespace
}  // namespace mobilenet::testing
