// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The input tensors that Hugging Face and timm themselves made of two real photographs.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "preprocess/noise_picture.h"
#include "support/npy.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

struct FrameworkCase {
  const char* folder;
  int side;
  PreprocessSpec spec;
  float tolerance;        // of every value
  double equal_at_least;  // fraction of the values that are equal to kEqual
};

constexpr float kEqual = 1e-6f;
// Hugging Face resizes with torchvision's integer kernels, whose 16-bit weights now and then round to another byte.
constexpr float kOneByteStep = 2.0f / 255 + kEqual;

FrameworkCase hugging_face(const char* folder, int edge, int crop) {
  PreprocessSpec spec;
  spec.mode = ResizeMode::shortest_edge;
  spec.resampler = Resampler::torchvision;
  spec.resize_height = spec.resize_width = edge;
  spec.base_height = spec.base_width = crop;
  return {folder, crop, spec, kOneByteStep, 0.99};
}

FrameworkCase timm() {
  PreprocessSpec spec;
  spec.mode = ResizeMode::shortest_edge;
  spec.filter = ResizeFilter::pil_bicubic;
  spec.rounding = CropRounding::half_even;
  spec.resize_height = spec.resize_width = 256;
  spec.base_height = spec.base_width = 224;
  spec.divide_by_255 = true;
  spec.mean = {0.485f, 0.456f, 0.406f};
  spec.deviation = {0.229f, 0.224f, 0.225f};
  return {"timm_mobilenetv2_035", 224, spec, kEqual, 1.0};
}

TEST(FrameworkPictures, TensorsEqualTheirs) {
  MOBILENET_NEEDS_TEST_DATA();
  const FrameworkCase cases[] = {hugging_face("hf_mobilenet_v1_0.25_128", 160, 128),
                                 hugging_face("hf_mobilenet_v2_0.35_96", 128, 96),
                                 hugging_face("hf_deeplab_v2_0.35_257_os8", 289, 257), timm()};
  for (const FrameworkCase& test : cases)
    for (const std::string picture : {"cat_720p", "parrot"}) {
      const std::string name = std::string(test.folder) + ", " + picture;
      const FloatArray expected =
          read_npy(*test_data() / "expected/frameworks" / test.folder / ("input_" + picture + ".npy"));
      const Result<Image> image = Image::open(*test_data() / "images/photos" / (picture + ".jpg"));
      ASSERT_TRUE(image) << image.error().message;
      const std::vector<float> got = network_input<float>(test.spec, test.side, test.side, *image);
      ASSERT_EQ(got.size(), expected.values.size()) << name;

      const auto plane = static_cast<std::size_t>(test.side * test.side);
      float largest = 0;
      std::size_t equal = 0;
      for (std::size_t i = 0; i < plane; ++i)
        for (std::size_t c = 0; c < 3; ++c) {  // theirs is planar
          const float difference = std::abs(got[i * 3 + c] - expected.values[c * plane + i]);
          largest = std::max(largest, difference);
          equal += difference <= kEqual;
        }
      const double equal_part = static_cast<double>(equal) / static_cast<double>(got.size());
      EXPECT_LE(largest, test.tolerance) << name;
      EXPECT_GE(equal_part, test.equal_at_least) << name;
      std::printf("%s: largest difference %g, %.3f %% equal\n", name.c_str(), static_cast<double>(largest),
                  100 * equal_part);
    }
}

}  // namespace
}  // namespace mobilenet::testing
