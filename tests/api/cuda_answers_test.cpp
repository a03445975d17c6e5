// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Sessions on a GPU whose backend computes their answers, against those where the host does. They skip themselves where
// there is no GPU.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

namespace mobilenet {
namespace {

std::vector<std::byte> noise(int width, int height) {
  std::mt19937 random(6);
  std::vector<std::byte> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (std::byte& byte : rgb) byte = static_cast<std::byte>(random() & 255);
  return rgb;
}

class CudaSessions : public ::testing::Test {
 protected:
  void SetUp() override {
    auto session = Model::random("mobilenet_v1:0.25:32:3").value().session({.device = Device::cuda});
    if (!session) GTEST_SKIP() << session.error().message;
    pixels_ = {noise(61, 40), noise(40, 61)};
    views_ = {ImageView::packed(pixels_[0].data(), PixelFormat::rgb, 61, 40),
              ImageView::packed(pixels_[1].data(), PixelFormat::bgr, 40, 61)};
    views_[1].orientation = Orientation::rotate_90;
  }

  std::array<std::vector<std::byte>, 2> pixels_;
  std::array<ImageView, 2> views_;
};

SessionOptions on(Device device) {
  SessionOptions options;
  options.device = device;
  return options;
}

// A whole order of classes is the host's.
TEST_F(CudaSessions, ClassesAreTheFirstOfAll) {
  const Model model = Model::random("mobilenet_v2:0.35:64:1001").value();
  SessionOptions few = on(Device::cuda), all = on(Device::cuda);
  few.top = 5, all.top = 1000;
  Session claimed = model.session(few).value(), host = model.session(all).value();
  const auto a = claimed.classify(views_).value(), b = host.classify(views_).value();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t picture = 0; picture < a.size(); ++picture) {
    ASSERT_EQ(a[picture].size(), 5u);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(a[picture][i].index, b[picture][i].index);
      EXPECT_NEAR(a[picture][i].score, b[picture][i].score, 1e-6);
    }
  }
}

// Two kernels find the classes, and agree; the probabilities of a pixel are its class's most of all, and 1 together.
TEST_F(CudaSessions, TheMaskIsThatOfTheProbabilities) {
  const Model model = Model::random("deeplab_mobilenet_v2:0.35:65:4").value();
  SessionOptions options = on(Device::cuda);
  Session plain = model.session(options).value();
  options.probabilities = true;
  Session both = model.session(options).value();
  for (int turn = 0; turn < 2; ++turn)
    for (const ImageView& view : views_) {
      const Segmentation a = plain.segment(view).value(), b = both.segment(view).value();
      EXPECT_EQ(a.width, b.width);
      EXPECT_TRUE(std::equal(a.mask.begin(), a.mask.end(), b.mask.begin(), b.mask.end()));
      EXPECT_TRUE(a.probabilities.empty());
      const std::size_t pixels = b.mask.size();
      ASSERT_EQ(b.probabilities.size(), 4 * pixels);
      for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
        float sum = 0, most = 0;
        for (std::size_t index = 0; index < 4; ++index) {
          const float probability = b.probabilities[index * pixels + pixel];
          sum += probability;
          most = std::max(most, probability);
        }
        ASSERT_NEAR(sum, 1, 1e-5);
        ASSERT_EQ(b.probabilities[b.mask[pixel] * pixels + pixel], most);
      }
    }
}

// Of nearly the same numbers, so that a box whose score is near the threshold or another's may differ.
TEST_F(CudaSessions, ObjectsAreThoseOfTheHost) {
  const Model model = Model::random("ssdlite_mobilenet_v2:0.35:96:5").value();
  SessionOptions options = on(Device::cuda);
  options.precision = Precision::f32;
  options.score_threshold = 0.01f;
  options.max_detections = 20;
  Session claimed = model.session(options).value();
  options.device = Device::cpu;
  Session host = model.session(options).value();
  const auto a = claimed.detect(views_).value(), b = host.detect(views_).value();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t picture = 0; picture < a.size(); ++picture) {
    EXPECT_EQ(a[picture].size(), b[picture].size());
    const auto same = std::count_if(a[picture].begin(), a[picture].end(), [&](const Detection& x) {
      return std::any_of(b[picture].begin(), b[picture].end(), [&](const Detection& y) {
        return x.class_index == y.class_index && std::abs(x.score - y.score) < 1e-3f &&
               std::abs(x.left - y.left) < 0.1f && std::abs(x.top - y.top) < 0.1f &&
               std::abs(x.right - y.right) < 0.1f && std::abs(x.bottom - y.bottom) < 0.1f;
      });
    });
    EXPECT_GT(same, 0);
    EXPECT_GE(same * 10, static_cast<std::ptrdiff_t>(a[picture].size()) * 9);
  }
}

TEST_F(CudaSessions, AProfileNamesTheEnd) {
  SessionOptions options = on(Device::cuda);
  options.profile = true;
  Session session = Model::random("mobilenet_v1:0.25:64:10").value().session(options).value();
  ASSERT_TRUE(session.classify(views_[0]));
  const auto steps = session.step_times();
  EXPECT_TRUE(std::any_of(steps.begin(), steps.end(), [](const StepTime& step) { return step.kind == "top classes"; }));
}

}  // namespace
}  // namespace mobilenet
