// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// TensorFlow's resize of bytes, and rows of floats encoded, in vectors and on threads against the plain loops.
#include "preprocess/resize_tf_bytes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/thread_pool.h"
#include "preprocess/resized.h"

namespace mobilenet::testing {
namespace {

class EveryFloatKernel : public ::testing::TestWithParam<KernelRow<FloatKernels>> {
 protected:
  const FloatKernels& kernels() const { return *GetParam().kernels; }
};
INSTANTIATE_TEST_SUITE_P(Resize, EveryFloatKernel, ::testing::ValuesIn(runnable_float_kernels()),
                         [](const auto& row) { return std::string(row.param.isa); });

TEST_P(EveryFloatKernel, EqualsThePlainLoops) {
  const Geometry geometries[] = {{{0, 60, 60, 0, 60, 0}, {0, 60, 60, 0, 60, 0}},
                                 {{0, 60, 1, 0, 1, 0}, {0, 60, 2, 0, 2, 0}},
                                 {{0, 60, 200, 0, 200, 0}, {0, 60, 190, 0, 190, 0}},  // several parts
                                 {{13, 41, 30, 12, 11, 0}, {20, 33, 25, 3, 9, 0}}};
  ThreadPool::shared().reserve(3);
  const Workers alone, three(3, nullptr, ThreadPool::kSpin);
  for (const TfCentres centres : {TfCentres::legacy, TfCentres::align_corners, TfCentres::half_pixel}) {
    TfByteResize resize(centres, kernels());
    for (const Geometry& geometry : geometries)
      for (const PixelFormat format : kByteFormats)
        for (int orientation = 1; orientation <= 8; ++orientation)
          for (const Samples samples : {Samples::colours, Samples::luma}) {
            const StoredPicture picture(format, 60, 60, static_cast<Orientation>(orientation), orientation == 3);
            const UprightPixels pixels = UprightPixels::of(picture.view(), samples).value();
            std::vector<float> plain(
                static_cast<std::size_t>(geometry.columns.window_size * geometry.rows.window_size * 3));
            TfResize(centres).run(pixels, geometry, plain.data());
            for (const Workers* workers : {&alone, &three})
              ASSERT_EQ(resized<float>(resize, pixels, geometry, *workers), plain)
                  << "format " << static_cast<int>(format) << ", orientation " << orientation;
          }
  }
}

// Halves between bytes, what is no byte, and what is no number, at every place of a vector.
TEST_P(EveryFloatKernel, FloatsAreEncodedAsOneByOne) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float special[] = {0.5f,   1.5f,   2.5f,      -0.5f,      254.5f, 255.5f, 300.0f, -7.0f,
                           0.499f, 128.5f, kInfinity, -kInfinity, 77.3f,  1e30f,  -0.0f,  std::nanf("")};
  PreprocessSpec spec;
  spec.mean = {0.485f, 0.456f, 0.406f};
  spec.deviation = {0.229f, 0.224f, 0.225f};
  for (const bool divide : {false, true})
    for (const int width : {1, 5, 16, 33, 100}) {
      spec.divide_by_255 = divide;
      spec.rescale = 1 / 127.5f;
      std::vector<float> values;
      for (int i = 0; i < 3 * width; ++i) values.push_back(special[(i * 7 + i / 16) % 16]);
      const Geometry geometry{{0, width, width, 0, width, 0}, {0, 1, 1, 0, 1, 0}};
      std::vector<std::uint8_t> bytes(values.size());
      const InputPlace to_bytes{bytes.data(), {width, 1}, geometry};
      InputEncoder::create({}, {DataType::u8}, kernels())->row(to_bytes, 0, values.data());
      std::vector<float> floats(values.size());
      const InputPlace to_floats{floats.data(), {width, 1}, geometry};
      InputEncoder::create(spec, {DataType::f32}, kernels())->row(to_floats, 0, values.data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        const float value = values[i];
        EXPECT_EQ(bytes[i], value > 0 ? std::nearbyint(std::min(value, 255.0f)) : 0) << value;
        const float real = real_number(spec, value, i % 3);
        if (std::isnan(real))
          EXPECT_TRUE(std::isnan(floats[i])) << value;
        else
          EXPECT_EQ(floats[i], real) << value;
      }
    }
}

}  // namespace
}  // namespace mobilenet::testing
