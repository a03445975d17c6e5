// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Session::segment: masks at the picture's own size, what was not seen, probabilities, and what it refuses.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "api/turned_picture.h"
#include "support/pictures.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using testing::TestPicture;

// Borders of regions move by a pixel here and there when a turned picture is resized in the other order.
constexpr double kSameMaskShare = 0.99;
// The sum of some float32 quotients.
constexpr float kSumTolerance = 1e-5f;

constexpr std::size_t kClasses = 4;

Model random_segmenter() { return Model::random("deeplab_mobilenet_v2:0.35:97:4").value(); }

// The classes are those of the mask, most pixels first.
void expect_consistent(const Segmentation& found, int width, int height) {
  EXPECT_EQ(found.width, width);
  EXPECT_EQ(found.height, height);
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  ASSERT_EQ(found.mask.size(), pixels);
  std::array<std::int64_t, 256> counts{};
  for (const std::uint8_t index : found.mask) ++counts[index];
  std::int64_t counted = 0;
  for (std::size_t i = 0; i < found.classes.size(); ++i) {
    const SegmentClass& entry = found.classes[i];
    EXPECT_EQ(entry.pixels, counts.at(static_cast<std::size_t>(entry.index)));
    EXPECT_GT(entry.pixels, 0);
    if (i > 0) {
      EXPECT_LE(entry.pixels, found.classes[i - 1].pixels);
    }
    counted += entry.pixels;
  }
  EXPECT_EQ(counted, static_cast<std::int64_t>(pixels));
}

TEST(Segment, MasksHaveTheSizeOfTheUprightPicture) {
  const Model model = random_segmenter();
  Session session = model.session().value();
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {2, 3}, {97, 97}, {120, 61}, {33, 200}})
    for (const Orientation orientation : testing::kOrientations) {
      SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height) + " orientation " +
                   std::to_string(static_cast<int>(orientation)));
      const TestPicture picture(width, height);
      ImageView view = picture.view();
      view.orientation = orientation;
      const bool turned = orientation >= Orientation::transpose;
      expect_consistent(session.segment(view).value(), turned ? height : width, turned ? width : height);
    }
}

TEST(Segment, MasksFollowTheOrientation) {
  MOBILENET_NEEDS_TEST_DATA();
  const Model model = Model::open(*testing::test_data() / "models/deeplabv3_257_mv_gpu.tflite").value();
  const Image image = Image::open(*testing::test_data() / "images/photos/cat_720p.jpg").value();
  Session session = model.session().value(), other = model.session().value();
  const Segmentation upright = session.segment(image).value();
  EXPECT_GT(upright.classes.size(), 1u);
  for (const Orientation orientation : testing::kOrientations) {
    SCOPED_TRACE(static_cast<int>(orientation));
    const testing::TurnedPicture turned(image, orientation);
    const Segmentation found = other.segment(turned.view()).value();
    ASSERT_EQ(found.mask.size(), upright.mask.size());
    EXPECT_EQ(found.width, upright.width);
    std::size_t equal = 0;
    for (std::size_t i = 0; i < found.mask.size(); ++i) equal += found.mask[i] == upright.mask[i];
    EXPECT_GE(static_cast<double>(equal), kSameMaskShare * static_cast<double>(found.mask.size()));
  }
}

// The crop sees the centre square of side int(0.875 * 100) of this picture.
TEST(Segment, PixelsOutsideTheCropAreBackground) {
  constexpr int kWidth = 201, kHeight = 100, kSide = 87;
  const Model model = random_segmenter();
  const TestPicture picture(kWidth, kHeight);
  SessionOptions options{.preprocess = PreprocessPolicy::crop, .probabilities = true};
  Session crops = model.session(options).value();
  const Segmentation found = crops.segment(picture.view()).value();
  expect_consistent(found, kWidth, kHeight);
  constexpr int kLeft = (kWidth - kSide) / 2, kTop = (kHeight - kSide) / 2;
  std::size_t inside = 0;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const std::uint8_t index = found.mask[static_cast<std::size_t>(y * kWidth + x)];
      // One pixel for a crop that lies between two.
      const bool seen = x >= kLeft - 1 && x < kLeft + kSide + 1 && y >= kTop - 1 && y < kTop + kSide + 1;
      if (seen)
        inside += index != 0;
      else
        ASSERT_EQ(index, 0) << x << ',' << y;
      for (std::size_t c = 0; !seen && c < kClasses; ++c)
        ASSERT_EQ(found.probabilities[c * kWidth * kHeight + static_cast<std::size_t>(y * kWidth + x)], c == 0 ? 1 : 0)
            << c << " at " << x << ',' << y;
    }
  EXPECT_GT(inside, 0u);
}

TEST(Segment, ProbabilitiesBelongToTheMask) {
  const Model model = random_segmenter();
  const TestPicture picture(61, 40);
  Session without = model.session().value();
  EXPECT_TRUE(without.segment(picture.view()).value().probabilities.empty());
  Session session = model.session({.preprocess = PreprocessPolicy::squash, .probabilities = true}).value();
  // A larger picture first: memory that was grown must not show.
  const TestPicture larger(100, 100);
  EXPECT_EQ(session.segment(larger.view()).value().probabilities.size(), kClasses * 100 * 100);
  const Segmentation found = session.segment(picture.view()).value();
  const std::size_t pixels = found.mask.size();
  ASSERT_EQ(found.probabilities.size(), kClasses * pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    float sum = 0, most = 0;
    for (std::size_t c = 0; c < kClasses; ++c) {
      sum += found.probabilities[c * pixels + i];
      most = std::max(most, found.probabilities[c * pixels + i]);
    }
    ASSERT_NEAR(sum, 1, kSumTolerance) << i;
    ASSERT_EQ(found.probabilities[found.mask[i] * pixels + i], most) << i;
  }
}

TEST(Segment, BothBackendsMakeTheSameMask) {
  const Model model = random_segmenter();
  const TestPicture picture(120, 90);
  Session cpu = model.session().value(), reference = model.session({.device = Device::reference}).value();
  const Segmentation ours = cpu.segment(picture.view()).value(), truth = reference.segment(picture.view()).value();
  std::size_t equal = 0;
  for (std::size_t i = 0; i < truth.mask.size(); ++i) equal += ours.mask[i] == truth.mask[i];
  EXPECT_GE(static_cast<double>(equal), kSameMaskShare * static_cast<double>(truth.mask.size()));
}

TEST(Segment, RefusesWithASentence) {
  const TestPicture picture(40, 30);
  const Model segmenter = random_segmenter(), classifier = Model::random("mobilenet_v2:0.35:96:10").value();
  Session segments = segmenter.session().value(), classifies = classifier.session().value();
  const auto expect_refused = [](const auto& result, const char* words) {
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
  };
  expect_refused(segments.classify(picture.view()), "is no classifier");
  expect_refused(segments.detect(picture.view()), "is no detector");
  expect_refused(classifies.segment(picture.view()), "is no segmenter");
  EXPECT_FALSE(segments.segment(ImageView{}));
  EXPECT_TRUE(segments.segment(picture.view()));
}

}  // namespace
}  // namespace mobilenet
