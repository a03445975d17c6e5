// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Resizing bytes in vectors, as stored, on threads, against the plain loops on upright pixels.
#include "preprocess/resize_pil_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>

#include "base/thread_pool.h"
#include "preprocess/resize_pil.h"
#include "preprocess/resized.h"
#include "preprocess/size_cases.h"

namespace mobilenet::testing {
namespace {

constexpr PilFilter kFilters[] = {PilFilter::box, PilFilter::bilinear, PilFilter::hamming, PilFilter::bicubic,
                                  PilFilter::lanczos};

std::vector<std::uint8_t> plain(const ImageView& view, Samples samples, PilFilter filter, Resampler resampler,
                                const Geometry& geometry) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(geometry.columns.window_size * geometry.rows.window_size * 3));
  PilResize<std::uint8_t>(filter, resampler).run(UprightPixels::of(view, samples).value(), geometry, out.data());
  return out;
}

std::vector<std::uint8_t> fast(const ImageView& view, Samples samples, const Geometry& geometry, PilByteResize& resize,
                               const Workers& workers) {
  return resized<std::uint8_t>(resize, UprightPixels::of(view, samples).value(), geometry, workers);
}

class EveryResampleKernel : public ::testing::TestWithParam<KernelRow<ResampleKernels>> {
 protected:
  const ResampleKernels& kernels() const { return *GetParam().kernels; }
};
INSTANTIATE_TEST_SUITE_P(Resize, EveryResampleKernel, ::testing::ValuesIn(runnable_resample_kernels()),
                         [](const auto& row) { return std::string(row.param.isa); });

TEST_P(EveryResampleKernel, EqualsThePlainLoops) {
  ThreadPool::shared().reserve(3);
  const Workers alone, three(3, nullptr, ThreadPool::kSpin);
  for (const SizeCase& size : kSizes)
    for (const PixelFormat format : kByteFormats)
      for (int orientation = 1; orientation <= 8; ++orientation) {
        const StoredPicture picture(format, size.width, size.height, static_cast<Orientation>(orientation),
                                    orientation % 3 == 0);
        const bool large = size.width > 100;
        if (large && orientation != 1 + static_cast<int>(format)) continue;  // all of them would take half a minute
        // Every filter with every size, and with every format and orientation, but not all of them together.
        const PilFilter filter = kFilters[(orientation + static_cast<int>(format)) % 5];
        for (const Samples samples : {Samples::colours, Samples::luma})
          for (const Resampler resampler : {Resampler::pillow, Resampler::torchvision}) {
            const auto expected = plain(picture.view(), samples, filter, resampler, size.geometry);
            PilByteResize resize(filter, resampler, kernels());
            for (const Workers* workers : {&alone, &three, &alone})
              ASSERT_EQ(fast(picture.view(), samples, size.geometry, resize, *workers), expected)
                  << size.name << ", format " << static_cast<int>(format) << ", orientation " << orientation
                  << ", filter " << static_cast<int>(filter) << ", luma " << (samples == Samples::luma) << ", "
                  << workers->most() << " threads";
          }
      }
}

// The tables of one geometry, orientation or format must not serve another.
TEST_P(EveryResampleKernel, ChangingPicturesBackAndForth) {
  PilByteResize resize(PilFilter::bicubic, Resampler::pillow, kernels());
  for (int round = 0; round < 2; ++round)
    for (const SizeCase& size : std::span(kSizes).first(std::size(kSizes) - 2))
      for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::rgba, PixelFormat::grey})
        for (const Orientation orientation : {Orientation::upright, Orientation::rotate_90, Orientation::rotate_180})
          for (const Samples samples : {Samples::colours, Samples::luma}) {
            const StoredPicture picture(format, size.width, size.height, orientation, false);
            ASSERT_EQ(fast(picture.view(), samples, size.geometry, resize, {}),
                      plain(picture.view(), samples, PilFilter::bicubic, Resampler::pillow, size.geometry))
                << size.name << ", format " << static_cast<int>(format);
          }
}

// Black and white are where sums are largest, and where cubic filters overshoot.
TEST_P(EveryResampleKernel, ExtremeBytes) {
  for (const PilFilter filter : kFilters)
    for (const int width : {3, 64, 700}) {
      NoisePicture noise(width, 40);
      for (std::uint8_t& byte : noise.rgb) byte = byte < 128 ? 0 : 255;
      const Geometry geometry{{0, width, 67, 0, 67, 0}, {0, 40, 90, 0, 90, 0}};
      PilByteResize resize(filter, Resampler::pillow, kernels());
      EXPECT_EQ(fast(noise.view(), Samples::colours, geometry, resize, {}),
                plain(noise.view(), Samples::colours, filter, Resampler::pillow, geometry));
    }
}

}  // namespace
}  // namespace mobilenet::testing
