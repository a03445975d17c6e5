// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A Runner answers what a Session answers, every frame once, in order, and allocates nothing while it does.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "support/allocation_counter.h"
#include "support/devices.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

const char* const kClassifier = "mobilenet_v2:0.35:64";
const char* const kDetector = "ssdlite_mobilenet_v2:0.35:160";
const char* const kSegmenter = "deeplab_mobilenet_v2:0.35:65";

std::vector<TestPicture> frames_of_many_sizes() {
  std::vector<TestPicture> frames;
  for (const auto& [width, height] : {std::pair{160, 120}, {97, 131}, {64, 64}, {333, 21}, {160, 120}, {1, 1}})
    frames.emplace_back(width, height);
  return frames;
}

template <class T>
bool same_bytes(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

bool same(const Detection& a, const Detection& b) {
  return a.class_index == b.class_index && a.score == b.score && a.left == b.left && a.top == b.top &&
         a.right == b.right && a.bottom == b.bottom;
}

void expect_the_sessions_answers(const Model& model, const SessionOptions& options) {
  const std::vector<TestPicture> frames = frames_of_many_sizes();
  Session session = model.session(options).value();
  Runner runner = Runner::create(model, {.session = options}).value();
  for (const TestPicture& frame : frames) {
    const Pending pending = runner.predict(frame.view()).value();
    const Result<Prediction>& answer = pending.wait();
    ASSERT_TRUE(answer) << answer.error().message;
    if (!options.layers.empty()) {
      const auto expected = session.features(frame.view()).value();
      ASSERT_EQ(answer->features.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(same_bytes(answer->features[i].as<std::byte>(), expected[i].as<std::byte>()));
    } else if (model.info().task == Task::classify) {
      const auto expected = session.classify(frame.view()).value();
      ASSERT_EQ(answer->classes.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(answer->classes[i].index, expected[i].index);
        EXPECT_EQ(answer->classes[i].score, expected[i].score);
      }
    } else if (model.info().task == Task::detect) {
      const auto expected = session.detect(frame.view()).value();
      ASSERT_EQ(answer->objects.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(same(answer->objects[i], expected[i]));
    } else {
      const auto expected = session.segment(frame.view()).value();
      EXPECT_TRUE(same_bytes(answer->segmentation.mask, expected.mask));
      EXPECT_EQ(answer->segmentation.classes.size(), expected.classes.size());
    }
    EXPECT_GE(answer->latency, answer->waited);
  }
}

TEST(Runner, AnswersAsSessionsDo) {
  for (const Device device : every_device()) {
    SCOPED_TRACE(name_of(device));
    const Model classifier = Model::random(kClassifier).value();
    expect_the_sessions_answers(classifier, {.device = device, .threads = 2});
    expect_the_sessions_answers(classifier, {.device = device, .layers = {classifier.info().layers.back().name}});
    expect_the_sessions_answers(Model::random(kDetector).value(), {.device = device, .score_threshold = 0.0f});
    expect_the_sessions_answers(Model::random(kSegmenter).value(), {.device = device, .threads = 2});
  }
}

TEST(Runner, GivesAnswersInOrderUnlessAsReady) {
  const Model model = Model::random(kClassifier).value();
  const std::vector<TestPicture> frames = frames_of_many_sizes();
  for (const ResultOrder order : {ResultOrder::as_given, ResultOrder::as_ready}) {
    std::vector<std::uint64_t> seen;  // callbacks come one at a time
    {
      Runner runner = Runner::create(model, {.session = {.threads = 2}, .frames_in_flight = 4, .order = order}).value();
      for (int i = 0; i < 60; ++i) {
        const auto taken =
            runner.predict(frames[static_cast<std::size_t>(i) % frames.size()].view(),
                           [&seen](const Result<Prediction>& answer) { seen.push_back(answer.value().frame); });
        ASSERT_TRUE(taken);
      }
      ASSERT_TRUE(runner.wait_idle());
      EXPECT_EQ(runner.statistics().answered, 60u);
    }
    ASSERT_EQ(seen.size(), 60u);
    if (order == ResultOrder::as_ready) std::sort(seen.begin(), seen.end());
    for (std::uint64_t i = 0; i < 60; ++i) EXPECT_EQ(seen[i], i);
  }
}

TEST(Runner, TakesAnOrientation) {
  const Model model = Model::random(kSegmenter).value();
  const TestPicture picture(40, 30);
  Runner runner = Runner::create(model).value();
  int width = 0;
  ASSERT_TRUE(runner.predict(picture.view(), Orientation::rotate_90,
                             [&](const Result<Prediction>& answer) { width = answer.value().segmentation.width; }));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(width, 30);
}

TEST(Runner, AFrameThatCannotBeReadFailsAlone) {
  const Model model = Model::random(kClassifier).value();
  const TestPicture picture(40, 30);
  ImageView nothing = picture.view();
  nothing.width = 0;
  Runner runner = Runner::create(model).value();
  std::vector<bool> good;
  for (const ImageView& view : {picture.view(), nothing, picture.view()})
    ASSERT_TRUE(runner.predict(view, [&](const Result<Prediction>& answer) { good.push_back(answer.has_value()); }));
  ASSERT_TRUE(runner.wait_idle());
  EXPECT_EQ(good, (std::vector{true, false, true}));
  EXPECT_EQ(runner.statistics().failed, 1u);
}

TEST(Runner, RefusesWhatItCannotDo) {
  const Model classifier = Model::random(kClassifier).value();
  const auto message = [&](const Model& model, const RunnerOptions& options) {
    const auto runner = Runner::create(model, options);
    return runner ? std::string() : runner.error().message;
  };
  EXPECT_EQ(message(classifier, {.frames_in_flight = 0}), "frames_in_flight is 0, not 1 to 64");
  EXPECT_EQ(message(classifier, {.frames_in_flight = 65}), "frames_in_flight is 65, not 1 to 64");
  EXPECT_NE(message(classifier, {.when_full = static_cast<WhenFull>(9)}), "");
  EXPECT_NE(message(classifier, {.order = static_cast<ResultOrder>(9)}), "");
  EXPECT_NE(message(classifier, {.session = {.layers = {"no such layer"}}}), "");
  Runner runner = Runner::create(classifier).value();
  const TestPicture picture(40, 30);
  EXPECT_FALSE(runner.predict(picture.view(), FrameCallback()));
}

TEST(Runner, AllocatesNothingAfterTheFirstFrames) {
  const TestPicture large(640, 400), small(97, 131);
  for (const char* architecture : {kClassifier, kDetector, kSegmenter}) {
    SCOPED_TRACE(architecture);
    const Model model = Model::random(architecture).value();
    Runner runner = Runner::create(model, {.session = {.threads = 2}, .when_full = WhenFull::drop_oldest}).value();
    std::atomic<int> answers = 0;
    const auto frames = [&](int count) {
      for (int i = 0; i < count; ++i) {
        const ImageView view = i % 2 == 0 ? large.view() : small.view();
        const auto taken = runner.predict(view, [&answers](const Result<Prediction>&) { ++answers; });
        if (i % 5 == 0) {
          const auto pending = runner.predict(view);
          if (pending) pending->wait();
        }
      }
      static_cast<void>(runner.wait_idle());
    };
    // Until every worker has seen both sizes, and a Pending was an answer of the largest.
    for (int round = 0; round < 20; ++round) frames(12);
    start_counting_allocations();
    for (int i = 0; i < 20; ++i) {
      static_cast<void>(runner.predict(large.view(), [&answers](const Result<Prediction>&) { ++answers; }));
      static_cast<void>(runner.wait_idle());
      static_cast<void>(runner.statistics());
    }
    EXPECT_EQ(stop_counting_allocations(), 0);
    // One Pending is held while the next is made; both are warm after one round.
    const auto pending_frames = [&](int count) {
      Result<Pending> held = runner.predict(large.view());
      for (int i = 0; i < count; ++i) {
        Result<Pending> next = runner.predict(large.view());
        next->wait();
        *held = *std::move(next);
      }
    };
    pending_frames(2);
    start_counting_allocations();
    pending_frames(20);
    EXPECT_EQ(stop_counting_allocations(), 0);
  }
}

}  // namespace
}  // namespace mobilenet::testing
