// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Session::detect: what its options choose, batches, orientations, and what it refuses.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <cmath>
#include <limits>
#include <vector>

#include "api/turned_picture.h"
#include "support/devices.h"
#include "support/pictures.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using testing::TestPicture;

// Single pictures and batches take different paths through the float kernels; sums differ in their last bits.
constexpr float kSameScore = 1e-4f;
// The two passes of a resize round to 8 bits; a turned picture is resized in the other order.
constexpr float kSamePixels = 1.5f;
constexpr float kSameTurnedScore = 0.05f;

constexpr int kClasses = 4;

Model random_detector() { return Model::random("ssdlite_mobilenet_v2:0.35:96:4").value(); }

Model real_detector() {
  return Model::open(*testing::test_data() / "models/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite").value();
}

std::vector<Detection> detect(const Model& model, const ImageView& view, const SessionOptions& options = {}) {
  Session session = model.session(options).value();
  const auto found = session.detect(view).value();
  return {found.begin(), found.end()};
}

void expect_same(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].class_index, b[i].class_index) << i;
    EXPECT_EQ(a[i].label, b[i].label) << i;
    EXPECT_EQ(a[i].score, b[i].score) << i;
    EXPECT_EQ(a[i].left, b[i].left) << i;
    EXPECT_EQ(a[i].top, b[i].top) << i;
    EXPECT_EQ(a[i].right, b[i].right) << i;
    EXPECT_EQ(a[i].bottom, b[i].bottom) << i;
  }
}

// Everything that the network proposes.
SessionOptions everything() { return {.score_threshold = 0, .max_detections = 100000}; }

TEST(Detect, OptionsChooseFromTheSameAnswer) {
  const Model model = random_detector();
  const TestPicture picture(120, 90);
  const std::vector<Detection> all = detect(model, picture.view(), everything());
  ASSERT_GT(all.size(), 10u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) {
      EXPECT_GE(all[i - 1].score, all[i].score) << "best first";
    }
    EXPECT_GE(all[i].class_index, 0);
    EXPECT_LT(all[i].class_index, kClasses);
    EXPECT_TRUE(all[i].score >= 0 && all[i].score <= 1);
    EXPECT_LE(all[i].left, all[i].right);
    EXPECT_LE(all[i].top, all[i].bottom);
  }

  const float middle = all[all.size() / 2].score;
  std::vector<Detection> wanted;
  for (const Detection& d : all)
    if (d.score >= middle) wanted.push_back(d);
  expect_same(detect(model, picture.view(), {.score_threshold = middle}), wanted);

  for (const std::size_t most : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
    SessionOptions options = everything();
    options.max_detections = static_cast<int>(most);
    expect_same(detect(model, picture.view(), options), {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most)});
  }

  for (int index = 0; index < kClasses; ++index) {
    SessionOptions options = everything();
    options.classes = {index};
    wanted.clear();
    for (const Detection& d : all)
      if (d.class_index == index) wanted.push_back(d);
    expect_same(detect(model, picture.view(), options), wanted);
  }

  EXPECT_GT(all.size(), detect(model, picture.view(), {.score_threshold = 0}).size()) << "the model's own limit";
  for (const int wrong : {-1, kClasses, 100000}) EXPECT_FALSE(model.session({.classes = {wrong}}));

  // The most are counted among the wanted classes.
  SessionOptions options = everything();
  options.classes = {all.back().class_index};
  options.max_detections = 1;
  EXPECT_EQ(detect(model, picture.view(), options).size(), 1u);
}

TEST(Detect, BatchesAnswerAsSinglePicturesDo) {
  const TestPicture pictures[] = {{120, 90}, {50, 140}, {96, 96}};
  const ImageView views[] = {pictures[0].view(), pictures[1].view(), pictures[2].view()};
  for (const Device device : testing::every_device()) {
    SessionOptions options = everything();
    options.device = device;
    // In floats: halves are added up in another order where there are more pictures, and random weights pass on and
    // enlarge what that changes, up to a hundredth of a score.
    if (device == Device::cuda) options.precision = Precision::f32;
    const Model model = random_detector();
    Session together = model.session(options).value(), alone = model.session(options).value();
    const auto answers = together.detect(views).value();
    ASSERT_EQ(answers.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto single = alone.detect(views[i]).value();
      ASSERT_EQ(single.size(), answers[i].size());
      for (std::size_t k = 0; k < single.size(); ++k) EXPECT_NEAR(single[k].score, answers[i][k].score, kSameScore);
    }
  }
}

TEST(Detect, QuantizedBatchesAreExactlySinglePictures) {
  MOBILENET_NEEDS_TEST_DATA();
  const Model model = real_detector();
  const auto photos = *testing::test_data() / "images/photos";
  const Image images[] = {Image::open(photos / "dogs.jpg").value(), Image::open(photos / "cats_and_dogs.jpg").value()};
  const ImageView views[] = {images[0], images[1]};
  Session session = model.session({.score_threshold = 0}).value();
  std::vector<std::vector<Detection>> together;
  for (const auto answer : session.detect(views).value()) together.emplace_back(answer.begin(), answer.end());
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_FALSE(together[i].empty());
    expect_same(together[i], detect(model, views[i], {.score_threshold = 0}));
  }
}

TEST(Detect, BoxesFollowTheOrientation) {
  MOBILENET_NEEDS_TEST_DATA();
  const Model model = real_detector();
  const Image image = Image::open(*testing::test_data() / "images/photos/dogs.jpg").value();
  const std::vector<Detection> upright = detect(model, image);
  ASSERT_FALSE(upright.empty());
  for (const Orientation orientation : testing::kOrientations) {
    SCOPED_TRACE(static_cast<int>(orientation));
    const testing::TurnedPicture turned(image, orientation);
    const std::vector<Detection> found = detect(model, turned.view());
    ASSERT_EQ(found.size(), upright.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].class_index, upright[i].class_index);
      EXPECT_NEAR(found[i].score, upright[i].score, kSameTurnedScore);
      EXPECT_NEAR(found[i].left, upright[i].left, kSamePixels);
      EXPECT_NEAR(found[i].top, upright[i].top, kSamePixels);
      EXPECT_NEAR(found[i].right, upright[i].right, kSamePixels);
      EXPECT_NEAR(found[i].bottom, upright[i].bottom, kSamePixels);
    }
  }
}

TEST(Detect, AnyPictureSizeHasAnAnswer) {
  const Model model = random_detector();
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {2, 3}, {97, 95}}) {
    SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
    const TestPicture picture(width, height);
    const std::vector<Detection> found = detect(model, picture.view(), everything());
    EXPECT_FALSE(found.empty());
    for (const Detection& d : found)
      for (const float number : {d.score, d.left, d.top, d.right, d.bottom}) EXPECT_TRUE(std::isfinite(number));
  }
}

TEST(Detect, RefusesWithASentence) {
  const TestPicture picture(40, 30);
  const Model detector = random_detector(), classifier = Model::random("mobilenet_v2:0.35:96:10").value();
  Session detects = detector.session().value(), classifies = classifier.session().value();
  const auto expect_refused = [](const auto& result, const char* words) {
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
  };
  expect_refused(detects.classify(picture.view()), "is no classifier");
  expect_refused(detects.segment(picture.view()), "is no segmenter");
  expect_refused(classifies.detect(picture.view()), "is no detector");
  expect_refused(detects.detect(std::span<const ImageView>()), "no pictures");
  EXPECT_FALSE(detects.detect(ImageView{}));

  for (const float score :
       {-0.1f, 1.5f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    expect_refused(detector.session({.score_threshold = score}), "score");
  expect_refused(detector.session({.max_detections = -1}), "max_detections: is -1");

  // Still usable afterwards.
  EXPECT_TRUE(detects.detect(picture.view()));
}

}  // namespace
}  // namespace mobilenet
