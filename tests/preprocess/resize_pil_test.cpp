// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pillow's resize against its definition, written once more as plainly as possible: a full matrix of fixed-point
// weights for each axis, applied to the whole picture. pillow_test compares with Pillow itself.

#include "preprocess/resize_pil.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "preprocess/noise_picture.h"

namespace mobilenet::testing {
namespace {

// The float path rounds its weights to float32; bytes go up to 255.
constexpr float kFloatTolerance = 255 * 1e-6f * 4;

double filter_value(PilFilter filter, double x) {
  x = std::abs(x);
  if (filter == PilFilter::bilinear) return x < 1 ? 1 - x : 0;
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

// weights[i][j]: how much source pixel j counts in result i.
std::vector<std::vector<double>> weight_matrix(PilFilter filter, int source, int target) {
  const double scale = static_cast<double>(source) / target, stretch = std::max(1.0, scale);
  const double support = (filter == PilFilter::bilinear ? 1 : 2) * stretch;
  std::vector<std::vector<double>> matrix;
  for (int i = 0; i < target; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(std::max(0.0, centre - support + 0.5))));
    const int last = std::min(source, static_cast<int>(centre + support + 0.5));
    std::vector<double> row(static_cast<std::size_t>(source), 0.0);
    double total = 0;
    for (int j = first; j < last; ++j)
      total += row[static_cast<std::size_t>(j)] = filter_value(filter, (j + 0.5 - centre) / stretch);
    for (double& weight : row) weight /= total;
    matrix.push_back(std::move(row));
  }
  return matrix;
}

// A picture as doubles, [y][x][c] flat.
struct Plain {
  int width;
  int height;
  std::vector<double> samples;
  double& at(int x, int y, int c) {
    return samples[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) * 3 +
                   static_cast<std::size_t>(c)];
  }
};

enum class Rounding { bytes, none };

double weighted(double weight, Rounding rounding) {
  return rounding == Rounding::bytes ? std::round(weight * (1 << 22)) / (1 << 22) : weight;
}
double finished(double sum, Rounding rounding) {
  return rounding == Rounding::bytes ? std::clamp(std::floor(sum + 0.5), 0.0, 255.0) : sum;
}

Plain plain_resize(Plain picture, PilFilter filter, int width, int height, bool vertical_first, Rounding rounding) {
  for (const bool vertical : {vertical_first, !vertical_first}) {
    Plain next{vertical ? picture.width : width, vertical ? height : picture.height, {}};
    next.samples.resize(static_cast<std::size_t>(next.width) * static_cast<std::size_t>(next.height) * 3);
    const int source = vertical ? picture.height : picture.width;
    const auto matrix = weight_matrix(filter, source, vertical ? height : width);
    for (int y = 0; y < next.height; ++y)
      for (int x = 0; x < next.width; ++x)
        for (int c = 0; c < 3; ++c) {
          double sum = 0;
          for (int j = 0; j < source; ++j)
            sum += weighted(matrix[static_cast<std::size_t>(vertical ? y : x)][static_cast<std::size_t>(j)], rounding) *
                   (vertical ? picture.at(x, j, c) : picture.at(j, y, c));
          next.at(x, y, c) = finished(sum, rounding);
        }
    picture = std::move(next);
  }
  return picture;
}

Plain plain(const NoisePicture& noise) { return {noise.width, noise.height, {noise.rgb.begin(), noise.rgb.end()}}; }

Geometry whole(int width, int height, int new_width, int new_height) {
  return {{0, width, new_width, 0, new_width, 0}, {0, height, new_height, 0, new_height, 0}};
}

struct SizeCase {
  const char* name;
  int width, height, new_width, new_height;
  bool pillow_13_goes_vertical_first = false;
};

constexpr SizeCase kSizes[] = {
    {"one pixel grows", 1, 1, 5, 4},
    {"to one pixel", 31, 17, 1, 1},
    {"unchanged", 12, 9, 12, 9},
    {"twice as large", 9, 7, 18, 14},
    {"smaller in both", 50, 40, 13, 11},
    {"only columns change", 41, 6, 17, 6},
    {"only rows change", 6, 41, 6, 17, true},
    {"wider and lower", 10, 60, 25, 14, true},
    {"narrower and higher", 60, 10, 14, 25},
    {"rows just not twice the columns", 30, 50, 20, 30},
    {"rows just above twice the columns", 30, 51, 20, 30, true},
    {"strong reduction", 200, 150, 7, 5},
};

class PilFilters : public ::testing::TestWithParam<PilFilter> {};
INSTANTIATE_TEST_SUITE_P(Resize, PilFilters, ::testing::Values(PilFilter::bilinear, PilFilter::bicubic));

TEST_P(PilFilters, BytesEqualTheFormula) {
  for (const SizeCase& size : kSizes)
    for (const Resampler order : {Resampler::torchvision, Resampler::pillow}) {
      const NoisePicture noise(size.width, size.height);
      PilResize<std::uint8_t> resize(GetParam(), order);
      std::vector<std::uint8_t> got(static_cast<std::size_t>(size.new_width * size.new_height * 3));
      resize.run(UprightPixels::of(noise.view()).value(),
                 whole(size.width, size.height, size.new_width, size.new_height), got.data());
      const bool vertical_first = order == Resampler::pillow && size.pillow_13_goes_vertical_first;
      const Plain expected =
          plain_resize(plain(noise), GetParam(), size.new_width, size.new_height, vertical_first, Rounding::bytes);
      EXPECT_EQ(std::vector<double>(got.begin(), got.end()), expected.samples) << size.name;
    }
}

TEST_P(PilFilters, FloatsAreNotRounded) {
  for (const SizeCase& size : kSizes) {
    const NoisePicture noise(size.width, size.height);
    std::vector<float> planes(noise.rgb.size());
    const std::size_t pixels = noise.rgb.size() / 3;
    for (std::size_t i = 0; i < noise.rgb.size(); ++i)
      planes[i % 3 * pixels + i / 3] = static_cast<float>(noise.rgb[i]) / 255.0f;
    const ImageView view = ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, size.width, size.height);
    PilResize<float> resize(GetParam(), Resampler::pillow);
    std::vector<float> got(static_cast<std::size_t>(size.new_width * size.new_height * 3));
    resize.run(UprightPixels::of(view).value(), whole(size.width, size.height, size.new_width, size.new_height),
               got.data());
    const Plain expected =
        plain_resize(plain(noise), GetParam(), size.new_width, size.new_height, false, Rounding::none);
    for (std::size_t i = 0; i < got.size(); ++i)
      ASSERT_NEAR(got[i], expected.samples[i], kFloatTolerance) << size.name << " at " << i;
  }
}

// A window of a resized crop is the same pixels as resizing a copy of the crop and cutting afterwards.
TEST_P(PilFilters, CropsAndWindowsAreCutsOfTheWhole) {
  const NoisePicture noise(70, 60);
  NoisePicture crop(41, 33);
  for (int y = 0; y < crop.height; ++y)
    std::memcpy(crop.rgb.data() + y * crop.width * 3, noise.rgb.data() + ((y + 20) * noise.width + 13) * 3,
                static_cast<std::size_t>(crop.width) * 3);
  PilResize<std::uint8_t> resize(GetParam(), Resampler::pillow);
  std::vector<std::uint8_t> all(30 * 25 * 3), window(11 * 9 * 3);
  resize.run(UprightPixels::of(crop.view()).value(), whole(41, 33, 30, 25), all.data());
  resize.run(UprightPixels::of(noise.view()).value(), {{13, 41, 30, 12, 11, 0}, {20, 33, 25, 3, 9, 0}}, window.data());
  for (int y = 0; y < 9; ++y)
    for (int i = 0; i < 11 * 3; ++i) ASSERT_EQ(window[y * 33 + i], all[(y + 3) * 90 + 36 + i]) << y << ' ' << i;
}

// The tables of one geometry must not serve another.
TEST_P(PilFilters, ChangingSizesBackAndForth) {
  PilResize<std::uint8_t> resize(GetParam(), Resampler::pillow);
  for (int round = 0; round < 2; ++round)
    for (const SizeCase& size : kSizes) {
      const NoisePicture noise(size.width, size.height);
      const Geometry geometry = whole(size.width, size.height, size.new_width, size.new_height);
      std::vector<std::uint8_t> again(static_cast<std::size_t>(size.new_width * size.new_height * 3)), fresh(again);
      resize.run(UprightPixels::of(noise.view()).value(), geometry, again.data());
      PilResize<std::uint8_t>(GetParam(), Resampler::pillow)
          .run(UprightPixels::of(noise.view()).value(), geometry, fresh.data());
      EXPECT_EQ(again, fresh) << size.name;
    }
}

}  // namespace
}  // namespace mobilenet::testing
