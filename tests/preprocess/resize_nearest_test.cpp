// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The nearest pixel, where the two sources of the rule agree and where their roundings part.

#include "preprocess/resize_nearest.h"

#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "preprocess/resized.h"

namespace mobilenet::testing {
namespace {

// Which source column each result shows, of a picture whose columns count up.
std::vector<int> sources(Resampler resampler, int source, int target) {
  NoisePicture columns(source, 1);
  for (int x = 0; x < source; ++x)
    for (int c = 0; c < 3; ++c) columns.rgb[static_cast<std::size_t>(3 * x + c)] = static_cast<std::uint8_t>(x);
  const Geometry geometry{{0, source, target, 0, target, 0}, {0, 1, 1, 0, 1, 0}};
  NearestResize resize(resampler);
  const auto out = resized<std::uint8_t>(resize, UprightPixels::of(columns.view()).value(), geometry);
  std::vector<int> shown;
  for (std::size_t i = 0; i < out.size(); i += 3) shown.push_back(out[i]);
  return shown;
}

TEST(ResizeNearest, SourcesOfEveryResult) {
  struct Case {
    const char* name;
    int source, target;
    std::vector<int> pillow, torchvision;
  };
  const Case cases[] = {
      {"the same size", 3, 3, {0, 1, 2}, {0, 1, 2}},
      {"halved", 6, 3, {1, 3, 5}, {1, 3, 5}},
      {"doubled", 2, 4, {0, 0, 1, 1}, {0, 0, 1, 1}},
      {"to one", 5, 1, {2}, {2}},
      {"a middle that falls on an edge", 2, 7, {0, 0, 0, 0, 1, 1, 1}, {0, 0, 0, 1, 1, 1, 1}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(sources(Resampler::pillow, c.source, c.target), c.pillow) << c.name;
    EXPECT_EQ(sources(Resampler::torchvision, c.source, c.target), c.torchvision) << c.name;
  }
}

TEST(ResizeNearest, FloatsAndWindowsAreThoseOfBytes) {
  const NoisePicture noise(37, 23);
  std::vector<float> planes(noise.rgb.size());
  for (std::size_t i = 0; i < noise.rgb.size(); ++i)
    planes[i % 3 * (noise.rgb.size() / 3) + i / 3] = static_cast<float>(noise.rgb[i]) / 255.0f;
  const ImageView view = ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 37, 23);
  const Geometry geometry{{3, 30, 20, 4, 9, 0}, {1, 22, 40, 8, 11, 0}};
  NearestResize resize(Resampler::pillow);
  const auto bytes = resized<std::uint8_t>(resize, UprightPixels::of(noise.view()).value(), geometry);
  std::vector<float> floats(bytes.size());
  resize.run(UprightPixels::of(view).value(), geometry, floats.data());
  for (std::size_t i = 0; i < bytes.size(); ++i) ASSERT_FLOAT_EQ(floats[i], bytes[i]) << i;
  for (int y = 0; y < 11; ++y)
    for (int x = 0; x < 9; ++x)
      EXPECT_EQ(bytes[static_cast<std::size_t>(3 * (y * 9 + x))],
                noise.at(3 + static_cast<int>((x + 4 + 0.5) * 1.5), 1 + static_cast<int>((y + 8 + 0.5) * 0.55), 0));
}

// Against the rows of the upright picture.
TEST(ResizeNearest, EveryFormatAndOrientationOnThreads) {
  ThreadPool::shared().reserve(3);
  const Workers three(3, nullptr, ThreadPool::kSpin);
  const Geometry geometry{{3, 50, 300, 0, 300, 0}, {1, 55, 450, 0, 450, 0}};
  NearestResize resize(Resampler::torchvision);
  for (const PixelFormat format : kByteFormats)
    for (int orientation = 1; orientation <= 8; ++orientation)
      for (const Samples samples : {Samples::colours, Samples::luma}) {
        const StoredPicture picture(format, 60, 60, static_cast<Orientation>(orientation), orientation == 3);
        const UprightPixels pixels = UprightPixels::of(picture.view(), samples).value();
        const auto got = resized<std::uint8_t>(resize, pixels, geometry, three);
        std::vector<std::uint8_t> row(60 * 3);
        for (int y = 0; y < 450; ++y) {
          const std::uint8_t* const source = pixels.row(0, 1 + static_cast<int>((y + 0.5) * 55 / 450), 60, row.data());
          for (int x = 0; x < 300; ++x)
            for (int c = 0; c < 3; ++c)
              ASSERT_EQ(got[static_cast<std::size_t>(3 * (y * 300 + x) + c)],
                        source[3 * (3 + static_cast<int>((x + 0.5) * 50 / 300)) + c])
                  << y << ' ' << x << ", format " << static_cast<int>(format) << ", orientation " << orientation;
        }
      }
}

}  // namespace
}  // namespace mobilenet::testing
