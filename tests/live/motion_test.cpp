// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Where objects are expected.

#include "live/motion.h"

#include <gtest/gtest.h>

namespace mobilenet::live {
namespace {

constexpr double kRounding = 1e-9;  // of some hundred sums of numbers below 1000

Box box_of(double x, double y, double width, double height) {
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}
double width(const Box& box) { return box.right - box.left; }
double height(const Box& box) { return box.bottom - box.top; }
double x_of(const Box& box) { return (box.left + box.right) / 2; }
double y_of(const Box& box) { return (box.top + box.bottom) / 2; }

TEST(Motion, OverlapsWorkedOutByHand) {
  struct Case {
    const char* name;
    Box a, b;
    double expected;
  };
  const Case cases[] = {
      {"the same", {0, 0, 10, 20}, {0, 0, 10, 20}, 1},
      {"a half", {0, 0, 10, 10}, {0, 0, 10, 5}, 0.5},
      {"moved by a half", {0, 0, 10, 10}, {5, 0, 15, 10}, 1.0 / 3},
      {"side by side", {0, 0, 10, 10}, {10, 0, 20, 10}, 0},
      {"apart in both directions", {0, 0, 10, 10}, {20, 20, 30, 30}, 0},
      {"larger than floats multiply", {0, 0, 3e38, 3e38}, {0, 0, 3e38, 1.5e38}, 0.5},
      {"smaller than floats multiply", {0, 0, 1e-45, 1e-45}, {0, 0, 1e-45, 5e-46}, 0.5},
  };
  for (const Case& one : cases) {
    EXPECT_NEAR(overlap(one.a, one.b), one.expected, kRounding) << one.name;
    EXPECT_NEAR(overlap(one.b, one.a), one.expected, kRounding) << one.name;
  }
}

TEST(Motion, LearnsVelocityAndGrowthWhateverTheFrames) {
  constexpr double kClose = 0.5;  // pixels, after two seconds of boxes without an error
  for (const double step : {0.01, 0.033, 0.1, 0.25}) {
    const auto at = [](double seconds) {
      return box_of(100 + 200 * seconds, 300 - 50 * seconds, 40 + 5 * seconds, 80);
    };
    Motion motion(at(0));
    double now = 0;
    while (now < 2) {
      motion.predict(step);
      motion.correct(at(now += step));
    }
    motion.predict(0.3);
    const Box expected = motion.expected(), right = at(now + 0.3);
    EXPECT_NEAR(x_of(expected), x_of(right), kClose) << step;
    EXPECT_NEAR(y_of(expected), y_of(right), kClose) << step;
    EXPECT_NEAR(width(expected), width(right), kClose) << step;
    EXPECT_NEAR(height(expected), height(right), kClose) << step;
  }
}

// What is believed after a time, and how firmly, does not depend on the frames without a box in between.
TEST(Motion, OneStepIsAsGoodAsMany) {
  Motion once(box_of(100, 100, 40, 80)), often = once;
  for (Motion* motion : {&once, &often}) {
    motion->predict(0.1);
    motion->correct(box_of(110, 100, 41, 80));
  }
  // The jolts follow the size, which therefore stays in this test.
  once.keep_size();
  often.keep_size();
  once.predict(0.4);
  for (int i = 0; i < 40; ++i) often.predict(0.01);
  for (Motion* motion : {&once, &often}) motion->correct(box_of(170, 90, 50, 70));
  for (Motion* motion : {&once, &often}) motion->predict(0.1);
  EXPECT_NEAR(once.expected().left, often.expected().left, kRounding);
  EXPECT_NEAR(once.expected().bottom, often.expected().bottom, kRounding);
}

TEST(Motion, WhoIsHiddenMovesOnAndKeepsItsSize) {
  Motion motion(box_of(100, 100, 40, 80));
  for (int i = 1; i <= 30; ++i) {
    motion.predict(0.1);
    motion.correct(box_of(100 + 10 * i, 100, 40 + i, 80));
  }
  const Box before = motion.expected();
  motion.keep_size();
  motion.predict(1);
  EXPECT_NEAR(x_of(motion.expected()) - x_of(before), 100, 2);  // a second at 100 pixels a second
  EXPECT_NEAR(width(motion.expected()), width(before), kRounding);
  EXPECT_NEAR(height(motion.expected()), height(before), kRounding);
}

TEST(Motion, NoGapTurnsABoxInsideOut) {
  Motion motion(box_of(100, 100, 100, 100));
  for (int i = 1; i <= 10; ++i) {
    motion.predict(0.1);
    motion.correct(box_of(100, 100, 100 - 8 * i, 100 + 8 * i));  // 80 pixels a second
  }
  const Box before = motion.expected();
  motion.predict(60);
  EXPECT_NEAR(width(motion.expected()), width(before) / 2, kRounding);
  EXPECT_NEAR(height(motion.expected()), height(before) * 2, kRounding);
}

}  // namespace
}  // namespace mobilenet::live
