// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/top_k.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace mobilenet {
namespace {

std::vector<int> best_rows(std::vector<float> scores, std::size_t count) {
  std::vector<ScoredRow> best(count);
  best.resize(static_cast<std::size_t>(top_k(scores, best)));
  std::vector<int> rows;
  for (const ScoredRow& row : best) rows.push_back(row.row);
  return rows;
}

TEST(TopK, BestFirstAndTheLowerRowOfATie) {
  EXPECT_EQ(best_rows({1, 5, 3, 5, 4}, 3), (std::vector<int>{1, 3, 4}));
  EXPECT_EQ(best_rows({0, 0, 0}, 2), (std::vector<int>{0, 1}));
  EXPECT_EQ(best_rows({3, 2, 1}, 3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(best_rows({1, 2}, 5), (std::vector<int>{1, 0}));
  EXPECT_EQ(best_rows({}, 5), (std::vector<int>{}));
}

TEST(TopK, NaNRanksLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(best_rows({nan, -1, nan, 2}, 2), (std::vector<int>{3, 1}));
}

TEST(Softmax, SumsToOneForLargeScores) {
  std::array<float, 3> scores{1000, 999, -1000};
  softmax(scores);
  EXPECT_NEAR(scores[0], 1 / (1 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(scores[0] + scores[1] + scores[2], 1, 1e-6);
  EXPECT_EQ(scores[2], 0);
}

}  // namespace
}  // namespace mobilenet
