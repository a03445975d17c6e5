// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Smoothers: what stays passes through, what flickers does not, what changes comes through after the stated time at
// every frame rate.

#include <gtest/gtest.h>
#include <mobilenet/smoothing.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/allocation_counter.h"
#include "support/choices.h"

namespace mobilenet::testing {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNotTimes[] = {9.999, -1e300, kNan, kInfinity, -kInfinity};  // after a frame at 10 s
constexpr double kFrameRates[] = {4, 10, 24, 30, 60, 144};
constexpr float kRounding = 1e-5f;  // of averages of some hundred floats

// ---- Classes

using Classes = std::vector<Classification>;

std::vector<int> indices_of(std::span<const Classification> answers) {
  std::vector<int> indices;
  for (const Classification& one : answers) indices.push_back(one.index);
  return indices;
}

float score_of(std::span<const Classification> answers, int index) {
  for (const Classification& one : answers)
    if (one.index == index) return one.score;
  return 0;
}

TEST(ClassSmoother, RefusesOptionsThatMeanNothing) {
  for (const double half_life : {0.0, -1.0, kNan, kInfinity}) {
    const auto smoother = ClassSmoother::create({.half_life = half_life});
    ASSERT_FALSE(smoother) << half_life;
    EXPECT_NE(smoother.error().message.find("half_life"), std::string::npos);
  }
  for (const double lead : {-0.1, 2.0, kNan})
    EXPECT_FALSE(ClassSmoother::create({.lead = static_cast<float>(lead)})) << lead;
}

TEST(ClassSmoother, WhatStaysPassesThroughUnchanged) {
  const Classes found = {{7, "cat", 0.1f + 0.2f}, {3, "dog", 0.2f}, {1, "owl", 0.2f}, {-1, "", 1e-7f}};
  const Classes sorted = {found[0], found[2], found[1], found[3]};  // equal ones by number
  ClassSmoother smoother = ClassSmoother::create().value();
  for (int frame = 0; frame < 200; ++frame) {
    const auto answers = smoother.update(found, frame / 30.0).value();
    ASSERT_EQ(answers.size(), sorted.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      EXPECT_EQ(answers[i].index, sorted[i].index);
      EXPECT_EQ(answers[i].label, sorted[i].label);
      EXPECT_EQ(answers[i].score, sorted[i].score);
    }
  }
}

TEST(ClassSmoother, TheOldHalvesInItsHalfLifeAtEveryFrameRate) {
  constexpr double kHalfLife = 0.5;
  for (const double fps : kFrameRates) {
    ClassSmoother smoother = ClassSmoother::create({.half_life = kHalfLife}).value();
    for (int frame = 0; frame <= 3 * fps; ++frame) (void)smoother.update(Classes{{1, "a", 0.8f}}, frame / fps);
    for (int frame = 1; frame <= 3 * fps; ++frame) {
      const auto answers = smoother.update(Classes{{2, "b", 0.8f}}, 3 + frame / fps).value();
      const double left = 0.8 * std::exp2(-frame / fps / kHalfLife);
      EXPECT_NEAR(score_of(answers, 1), left, kRounding) << fps << " fps, frame " << frame;
      EXPECT_NEAR(score_of(answers, 2), 0.8 - left, kRounding) << fps << " fps, frame " << frame;
      // First when 0.8 - left > left + 0.05, so after 0.547 s.
      EXPECT_EQ(answers.front().index, frame / fps < 0.547 ? 1 : 2) << fps << " fps, frame " << frame;
    }
  }
}

TEST(ClassSmoother, TheFirstClassDoesNotFlicker) {
  ClassSmoother smoother = ClassSmoother::create().value();
  const Classes one = {{1, "a", 0.6f}, {2, "b", 0.4f}}, other = {{2, "b", 0.6f}, {1, "a", 0.4f}};
  int first = 0;
  for (int frame = 0; frame < 300; ++frame) {
    const auto answers = smoother.update(frame % 2 == 0 ? one : other, frame / 15.0).value();
    if (frame == 0) first = answers.front().index;
    EXPECT_EQ(answers.front().index, first) << frame;
  }
}

TEST(ClassSmoother, TheFirstClassHasALead) {
  struct Case {
    const char* name;
    float score, rival;
    int first;
  };
  const Case cases[] = {{"a rival that is not enough ahead", 0.40f, 0.44f, 1}, {"one that is", 0.40f, 0.46f, 2}};
  for (const Case& one : cases) {
    ClassSmoother smoother = ClassSmoother::create().value();
    (void)smoother.update(Classes{{1, "a", 0.6f}, {2, "b", 0.1f}, {3, "c", 0.3f}}, 0);
    std::vector<int> order;
    for (int frame = 1; frame < 300; ++frame)
      order = indices_of(
          smoother.update(Classes{{2, "b", one.rival}, {1, "a", one.score}, {3, "c", 0.02f}}, frame).value());
    EXPECT_EQ(order, one.first == 1 ? (std::vector{1, 2, 3}) : (std::vector{2, 1, 3})) << one.name;
  }
}

TEST(ClassSmoother, ForgetsClassesThatAreGone) {
  ClassSmoother smoother = ClassSmoother::create({.half_life = 1}).value();
  (void)smoother.update(Classes{{1, "a", 0.8f}}, 0);
  EXPECT_EQ(indices_of(smoother.update({}, 9.6).value()), std::vector{1});  // 0.8 / 2^9.64 is 0.001
  EXPECT_EQ(indices_of(smoother.update({}, 9.7).value()), std::vector<int>());
  // Nothing was seen for some time, so a class that comes is new.
  EXPECT_NEAR(smoother.update(Classes{{2, "b", 0.8f}}, 10.7).value().front().score, 0.4f, kRounding);
  smoother.reset();
  EXPECT_EQ(smoother.update(Classes{{3, "c", 0.8f}}, 0).value().front().score, 0.8f);
}

TEST(ClassSmoother, LeavesOutWhatIsNoScore) {
  ClassSmoother smoother = ClassSmoother::create().value();
  const auto broken = static_cast<float>(kNan), endless = static_cast<float>(kInfinity);
  const Classes found = {{1, "a", broken}, {2, "b", 0.5f}, {2, "b", 0.9f}, {3, "c", endless}};
  const auto answers = smoother.update(found, 0).value();
  EXPECT_EQ(indices_of(answers), std::vector{2});
  EXPECT_EQ(answers.front().score, 0.5f);
}

TEST(ClassSmoother, TimesThatRunBackwardsChangeNothing) {
  ClassSmoother smoother = ClassSmoother::create().value();
  const Classes found = {{1, "a", 0.5f}}, other = {{2, "b", 0.5f}};
  ASSERT_TRUE(smoother.update(found, 10));
  for (const double seconds : kNotTimes) EXPECT_FALSE(smoother.update(other, seconds)) << seconds;
  EXPECT_EQ(indices_of(smoother.update(found, 10).value()), std::vector{1});
}

TEST(ClassSmoother, AllocatesNothingAfterTheLargestCounts) {
  ClassSmoother smoother = ClassSmoother::create().value();
  Classes all;
  for (int i = 0; i < 1000; ++i) all.push_back({i, "", 1e-3f * static_cast<float>(1000 - i)});
  ASSERT_TRUE(smoother.update(all, 0) && smoother.update(all, 0.1));
  start_counting_allocations();
  for (int frame = 0; frame < 100; ++frame) (void)smoother.update(std::span(all).subspan(frame * 10, 5), 1 + frame);
  EXPECT_EQ(stop_counting_allocations(), 0);
}

// ---- Masks

using Mask = std::vector<std::uint8_t>;

Segmentation as_answer(const Mask& mask, int width = 0) {
  const int columns = width > 0 ? width : static_cast<int>(mask.size());
  return {columns, static_cast<int>(mask.size()) / columns, mask, {}, {}};
}

Mask mask_of(const Result<Segmentation>& answer) {
  EXPECT_TRUE(answer) << answer.error().message;
  return answer ? Mask(answer->mask.begin(), answer->mask.end()) : Mask();
}

TEST(MaskSmoother, RefusesOptionsThatMeanNothing) {
  for (const double hold : {0.0, -1.0, kNan, kInfinity}) {
    const auto smoother = MaskSmoother::create({.hold_seconds = hold});
    ASSERT_FALSE(smoother) << hold;
    EXPECT_NE(smoother.error().message.find("hold_seconds"), std::string::npos);
  }
}

TEST(MaskSmoother, WhatStaysPassesThroughUnchanged) {
  MaskSmoother smoother = MaskSmoother::create().value();
  const Mask mask = {0, 1, 2, 2, 2, 255, 255, 0, 0};
  const std::vector<SegmentClass> classes = {{0, "background", 3}, {2, "cat", 3}, {255, "edge", 2}, {1, "dog", 1}};
  const std::vector<float> probabilities(9);
  for (int frame = 0; frame < 100; ++frame) {
    const auto answer = smoother.update({3, 3, mask, classes, probabilities}, frame / 30.0);
    ASSERT_EQ(mask_of(answer), mask);
    EXPECT_EQ(answer->width, 3);
    EXPECT_EQ(answer->height, 3);
    EXPECT_EQ(answer->probabilities.data(), probabilities.data());
    ASSERT_EQ(answer->classes.size(), classes.size());
    for (std::size_t i = 0; i < classes.size(); ++i) {
      EXPECT_EQ(answer->classes[i].index, classes[i].index);
      EXPECT_EQ(answer->classes[i].label, classes[i].label);
      EXPECT_EQ(answer->classes[i].pixels, classes[i].pixels);
    }
  }
}

TEST(MaskSmoother, AChangeComesThroughAfterItsTimeAtEveryFrameRate) {
  constexpr double kHold = 0.25;  // 1, 2.5, 6, 7.5, 15 and 36 frames
  constexpr double kTick = kHold / 200;
  for (const double fps : kFrameRates) {
    MaskSmoother smoother = MaskSmoother::create({.hold_seconds = kHold}).value();
    for (int frame = 0; frame < 50; ++frame) (void)smoother.update(as_answer({1, 1}), frame / fps);
    const double since = 50 / fps;
    for (int frame = 50; frame < 200; ++frame) {
      const Mask shown = mask_of(smoother.update(as_answer({1, 2}), frame / fps));
      const double there = frame / fps - since;
      if (std::abs(there - kHold) <= kTick) continue;  // one or the other
      EXPECT_EQ(shown, there < kHold ? (Mask{1, 1}) : (Mask{1, 2})) << fps << " fps, frame " << frame;
    }
  }
}

TEST(MaskSmoother, WhatFlickersStaysAsItWas) {
  struct Case {
    const char* name;
    Mask film;  // again and again, at 30 frames a second
    std::uint8_t shown;
  };
  const Case cases[] = {
      {"a blink", {1, 1, 1, 2}, 1},
      {"every second frame", {1, 2}, 1},
      {"two in four", {1, 1, 2, 2}, 1},
      {"two classes that come and go", {1, 2, 3}, 1},
      {"half of the time two others", {1, 2, 1, 3, 3}, 1},
      {"most of the time another", {1, 2, 2}, 2},
      {"much of the time another, in turns", {1, 2, 2, 2, 1, 2}, 2},
  };
  for (const Case& one : cases) {
    MaskSmoother smoother = MaskSmoother::create().value();
    for (int frame = 0; frame < 300; ++frame) {
      const Mask shown = mask_of(smoother.update(as_answer({one.film[frame % one.film.size()]}), frame / 30.0));
      if (frame >= 6 && frame <= 60) continue;  // the time in which most of the time becomes enough
      EXPECT_EQ(shown.front(), frame < 6 ? 1 : one.shown) << one.name << ", frame " << frame;
    }
  }
}

TEST(MaskSmoother, CountsWhatItShows) {
  MaskSmoother smoother = MaskSmoother::create({.hold_seconds = 1}).value();
  const std::vector<SegmentClass> cats = {{3, "cat", 4}}, dogs = {{5, "dog", 4}};
  (void)smoother.update({4, 1, Mask{3, 3, 3, 3}, cats, {}}, 0);
  Mask mask = {3, 5, 5, 5};
  (void)smoother.update({4, 1, mask, dogs, {}}, 0);
  auto answer = smoother.update({4, 1, mask, dogs, {}}, 0.5).value();
  ASSERT_EQ(answer.classes.size(), 1u);  // the label is that of a frame that is gone
  EXPECT_EQ(answer.classes[0].label, "cat");
  EXPECT_EQ(answer.classes[0].pixels, 4);
  answer = smoother.update({4, 1, mask, dogs, {}}, 1).value();
  ASSERT_EQ(answer.classes.size(), 2u);
  EXPECT_EQ(answer.classes[0].label, "dog");
  EXPECT_EQ(answer.classes[0].pixels, 3);
  EXPECT_EQ(answer.classes[1].pixels, 1);
}

// The rule as it is written in the header and settle(), one pixel at a time.
struct SlowPixel {
  int shown = -1, rival = -1, lead = 0;

  int update(int now, int ticks) {
    if (shown < 0) return shown = rival = now;
    if (now == rival && now != shown) {
      lead += ticks;
      if (lead >= 200) {
        shown = now;
        lead = 0;
      }
    } else {
      lead = std::max(0, lead - ticks);
    }
    if (lead == 0) rival = now;
    return shown;
  }
};

TEST(MaskSmoother, EveryPixelFollowsTheRule) {
  for (const int pixels : {1, 15, 16, 511, 512, 513, 1537}) {  // around vectors and blocks
    Choices choices(static_cast<std::uint64_t>(pixels));
    MaskSmoother smoother = MaskSmoother::create({.hold_seconds = 0.2}).value();
    std::vector<SlowPixel> slow(static_cast<std::size_t>(pixels));
    Mask mask(slow.size());
    int milliseconds = 0;  // one is a tick
    for (int frame = 0; frame < 120; ++frame) {
      const int passed = frame == 0 ? 0 : choices.pick({0, 1, 7, 33, 33, 100, 199, 200, 400});
      milliseconds += passed;
      for (std::uint8_t& one : mask)
        if (choices.one_in(5)) one = choices.pick<std::uint8_t>({0, 1, 2, 255});
      const auto answer = smoother.update(as_answer(mask), milliseconds / 1000.0);
      const Mask shown = mask_of(answer);
      std::array<std::int64_t, 256> counts{};
      for (std::size_t i = 0; i < mask.size(); ++i) {
        ASSERT_EQ(shown[i], slow[i].update(mask[i], std::min(passed, 255))) << pixels << " pixels, frame " << frame;
        ++counts[shown[i]];
      }
      for (const SegmentClass& one : answer->classes) EXPECT_EQ(one.pixels, counts[one.index]);
    }
  }
}

TEST(MaskSmoother, AnotherSizeBeginsAnew) {
  MaskSmoother smoother = MaskSmoother::create().value();
  (void)smoother.update(as_answer({1, 1, 1, 1}), 0);
  EXPECT_EQ(mask_of(smoother.update(as_answer({2, 2, 2, 2}), 0.01)), (Mask{1, 1, 1, 1}));
  EXPECT_EQ(mask_of(smoother.update(as_answer({2, 2, 2, 2}, 2), 0.02)), (Mask{2, 2, 2, 2}));
  EXPECT_EQ(mask_of(smoother.update(as_answer({3, 3}), 0.03)), (Mask{3, 3}));
  smoother.reset();
  EXPECT_EQ(mask_of(smoother.update(as_answer({4, 4}), 0)), (Mask{4, 4}));
}

TEST(MaskSmoother, RefusesMasksThatAreNoneAndTimesThatRunBackwards) {
  MaskSmoother smoother = MaskSmoother::create().value();
  const Mask mask(12, 1), other(12, 2);
  ASSERT_TRUE(smoother.update({4, 3, mask, {}, {}}, 10));
  constexpr int kHuge = std::numeric_limits<int>::max();
  for (const auto& [width, height] : {std::pair{4, 4}, {0, 0}, {0, 12}, {-4, -3}, {5, 2}, {kHuge, kHuge}, {12, 0}}) {
    const auto answer = smoother.update({width, height, other, {}, {}}, 11);
    ASSERT_FALSE(answer) << width << 'x' << height;
    EXPECT_NE(answer.error().message.find("12 pixels"), std::string::npos) << answer.error().message;
  }
  for (const double seconds : kNotTimes) EXPECT_FALSE(smoother.update({4, 3, other, {}, {}}, seconds)) << seconds;
  EXPECT_EQ(mask_of(smoother.update({4, 3, mask, {}, {}}, 10)), mask);
  const std::vector<SegmentClass> odd = {{-1, "none", 1}, {256, "more", 1}};
  EXPECT_TRUE(smoother.update({4, 3, mask, odd, {}}, 1e308));
}

TEST(MaskSmoother, AllocatesNothingAfterTheFirstFrameOfASize) {
  MaskSmoother smoother = MaskSmoother::create().value();
  Mask mask(5000);
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<std::uint8_t>(i);
  ASSERT_TRUE(smoother.update(as_answer(mask), 0));
  start_counting_allocations();
  for (int frame = 1; frame < 50; ++frame) {
    for (std::uint8_t& one : mask) one = static_cast<std::uint8_t>(one + frame / 20);
    (void)smoother.update(as_answer(mask, 50), frame / 10.0);
  }
  EXPECT_EQ(stop_counting_allocations(), 0);
}

}  // namespace
}  // namespace mobilenet::testing
