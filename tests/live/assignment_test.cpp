// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Assignments beside those found by trying all.

#include "live/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "support/choices.h"

namespace mobilenet::live {
namespace {

constexpr double kRounding = 1e-9;  // of sums of ten numbers near 1

double sum_of(std::span<const int> column_of, std::size_t columns, std::span<const double> gains) {
  double sum = 0;
  std::set<int> taken;
  for (std::size_t row = 0; row < column_of.size(); ++row) {
    if (column_of[row] == Assignment::kNone) continue;
    EXPECT_TRUE(taken.insert(column_of[row]).second) << "column " << column_of[row] << " is taken twice";
    const double gain = gains[row * columns + column_of[row]];
    EXPECT_GT(gain, 0);
    sum += gain;
  }
  return sum;
}

// Every row in turn takes each free column, or none.
double best_sum(std::size_t row, std::size_t rows, std::size_t columns, std::span<const double> gains, unsigned taken) {
  if (row == rows) return 0;
  double best = best_sum(row + 1, rows, columns, gains, taken);
  for (std::size_t column = 0; column < columns; ++column)
    if ((taken >> column & 1) == 0)
      best =
          std::max(best, gains[row * columns + column] + best_sum(row + 1, rows, columns, gains, taken | 1u << column));
  return best;
}

struct Case {
  const char* name;
  std::size_t rows, columns;
  std::vector<double> gains;
  std::vector<int> expected;
};

TEST(Assignment, WhatIsWorkedOutByHand) {
  constexpr int kNone = Assignment::kNone;
  const Case cases[] = {
      {"nobody", 0, 0, {}, {}},
      {"rows alone", 2, 0, {}, {kNone, kNone}},
      {"columns alone", 0, 3, {}, {}},
      {"a pair", 1, 1, {0.5}, {0}},
      {"a pair that gains nothing", 1, 1, {0}, {kNone}},
      {"a pair that loses", 1, 1, {-0.5}, {kNone}},
      {"the greatest gain is not in the best sum", 2, 2, {0.9, 0.8, 0.8, 0.1}, {1, 0}},
      {"a loss is not taken for another's gain", 2, 2, {0.9, -0.1, 0.8, -0.1}, {0, kNone}},
      {"the later row has the better right", 2, 1, {0.3, 0.4}, {kNone, 0}},
      {"of equals the first", 2, 1, {0.4, 0.4}, {0, kNone}},
      {"all move on by one", 3, 3, {1, 0.9, 0, 0, 1, 0.9, 1.5, 0, 0}, {1, 2, 0}},
  };
  for (const Case& one : cases) {
    Assignment assignment;
    const auto column_of = assignment.solve(one.rows, one.columns, one.gains);
    EXPECT_EQ(std::vector<int>(column_of.begin(), column_of.end()), one.expected) << one.name;
  }
}

TEST(Assignment, NoOtherIsBetter) {
  Assignment assignment;  // one for all: nothing may stay of the case before
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    testing::Choices choices(seed);
    const std::size_t rows = choices.below(7), columns = choices.below(7);
    const bool ties = choices.one_in(2);
    std::vector<double> gains(rows * columns);
    for (double& gain : gains) gain = ties ? choices.between(-2, 4) / 4.0 : choices.real(-0.5, 1);
    const auto column_of = assignment.solve(rows, columns, gains);
    ASSERT_EQ(column_of.size(), rows);
    EXPECT_NEAR(sum_of(column_of, columns, gains), best_sum(0, rows, columns, gains, 0), kRounding) << "seed " << seed;
  }
}

}  // namespace
}  // namespace mobilenet::live
