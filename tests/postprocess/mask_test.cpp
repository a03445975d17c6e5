// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Masks against a full-size enlargement in double precision.
#include "postprocess/mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.h"

namespace mobilenet {
namespace {

// Fractions and sums in float against double, on scores of at most 8.
constexpr double kScoreTolerance = 1e-5;

struct AxisCase {
  const char* name;
  // Where pixel i of an axis of `pixels` lies among `cells`.
  MaskAxis (*axis)(int pixels, int cells);
};

// The three rules of frameworks, and a crop that begins and ends outside of the map.
const AxisCase kAxisCases[] = {
    {"align corners",
     [](int pixels, int cells) {
       return MaskAxis{0, pixels > 1 ? static_cast<double>(cells - 1) / (pixels - 1) : 0, pixels, cells};
     }},
    {"half-pixel centres",
     [](int pixels, int cells) {
       const double step = static_cast<double>(cells) / pixels;
       return MaskAxis{step / 2 - 0.5, step, pixels, cells};
     }},
    {"legacy",
     [](int pixels, int cells) {
       return MaskAxis{0, static_cast<double>(cells) / pixels, pixels, cells};
     }},
    {"beyond both ends",
     [](int pixels, int cells) {
       return MaskAxis{-2.3, (cells + 5.0) / pixels, pixels, cells};
     }},
};

struct SizeCase {
  int rows, columns, height, width, channels;
};

constexpr SizeCase kSizeCases[] = {
    {9, 7, 40, 31, 21}, {33, 33, 65, 129, 6}, {1, 1, 5, 4, 3},   {1, 1, 1, 1, 1},     {5, 6, 1, 1, 4},
    {8, 8, 3, 2, 5},    {1, 12, 9, 40, 2},    {3, 2, 6, 8, 256}, {6, 5, 400, 500, 3},  // several parts
};

class SlowMask {
 public:
  SlowMask(const std::vector<float>& scores, int channels, const MaskAxis& rows, const MaskAxis& columns)
      : scores_(scores), channels_(channels), rows_(rows), columns_(columns) {}

  double score(int y, int x, int channel) const {
    const double at_y = position(rows_, y), at_x = position(columns_, x);
    double sum = 0;
    // Every cell by its distance: the two nearest of an axis carry all the weight.
    for (int row = 0; row < rows_.cells; ++row)
      for (int column = 0; column < columns_.cells; ++column) {
        const double weight = std::max(0.0, 1 - std::abs(at_y - row)) * std::max(0.0, 1 - std::abs(at_x - column));
        if (weight > 0)
          sum += weight * static_cast<double>(
                              scores_[static_cast<std::size_t>((row * columns_.cells + column) * channels_ + channel)]);
      }
    return sum;
  }

 private:
  static double position(const MaskAxis& axis, int pixel) {
    return std::clamp(axis.offset + pixel * axis.step, 0.0, axis.cells - 1.0);
  }

  const std::vector<float>& scores_;
  int channels_;
  MaskAxis rows_, columns_;
};

struct Enlarged {
  std::vector<std::uint8_t> mask;
  std::vector<float> probabilities;
};

// With every instruction set and on threads, which must not make a difference. In memory of exactly the promised sizes,
// so that the sanitizer build sees an element too many.
Enlarged enlarge(const std::vector<float>& scores, int channels, const MaskAxis& rows, const MaskAxis& columns,
                 bool with_probabilities, float step = 0, ScoreFunction function = ScoreFunction::softmax) {
  const auto pixels = static_cast<std::size_t>(rows.pixels) * static_cast<std::size_t>(columns.pixels);
  ThreadPool::shared().reserve(3);
  const Workers alone, three(3, nullptr, ThreadPool::kSpin);
  Enlarged first;
  for (const KernelRow<MaskKernels>& row : runnable_mask_kernels())
    for (const Workers* workers : {&alone, &three}) {
      Enlarged enlarged{std::vector<std::uint8_t>(pixels, 0xee), {}};
      if (with_probabilities) enlarged.probabilities.assign(pixels * static_cast<std::size_t>(channels), -1.0f);
      MaskEnlargement(*row.kernels)
          .run({scores.data(), channels, step, function}, rows, columns, enlarged.mask.data(), enlarged.probabilities,
               *workers);
      if (first.mask.empty()) {
        first = std::move(enlarged);
        continue;
      }
      EXPECT_EQ(enlarged.mask, first.mask) << row.isa << ", " << workers->most() << " threads";
      const auto bytes = std::as_bytes(std::span(enlarged.probabilities));
      const auto first_bytes = std::as_bytes(std::span(first.probabilities));
      EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), first_bytes.begin(), first_bytes.end()))
          << row.isa << ", " << workers->most() << " threads";
    }
  return first;
}

std::vector<float> random_scores(std::mt19937& random, int cells, int channels) {
  std::vector<float> scores(static_cast<std::size_t>(cells) * static_cast<std::size_t>(channels));
  for (float& score : scores) score = static_cast<float>(static_cast<double>(random()) / 0x1p32 * 16 - 8);
  return scores;
}

void expect_like_slow(const SizeCase& size, const MaskAxis& rows, const MaskAxis& columns,
                      const std::vector<float>& scores) {
  const Enlarged plain = enlarge(scores, size.channels, rows, columns, false);
  const Enlarged full = enlarge(scores, size.channels, rows, columns, true);
  EXPECT_EQ(plain.mask, full.mask) << "probabilities change the mask";
  const SlowMask slow(scores, size.channels, rows, columns);
  const auto plane = static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const auto pixel = static_cast<std::size_t>(y * size.width + x);
      std::vector<double> exact;
      for (int c = 0; c < size.channels; ++c) exact.push_back(slow.score(y, x, c));
      const double largest = *std::max_element(exact.begin(), exact.end());
      // Of two classes that the precision of float cannot tell apart either may win.
      ASSERT_LT(plain.mask[pixel], size.channels);
      ASSERT_NEAR(exact[plain.mask[pixel]], largest, kScoreTolerance) << y << ", " << x;
      double sum = 0, total = 0;
      for (const double score : exact) sum += std::exp(score - largest);
      for (std::size_t c = 0; c < exact.size(); ++c) {
        const double probability = full.probabilities[c * plane + pixel];
        ASSERT_NEAR(probability, std::exp(exact[c] - largest) / sum, kScoreTolerance) << y << ", " << x << ", " << c;
        total += probability;
      }
      ASSERT_NEAR(total, 1, kScoreTolerance) << y << ", " << x;
    }
}

TEST(Mask, ProbabilitiesOfProbabilitiesAreInterpolated) {
  const std::vector<float> scores{0.75f, 0.25f, 0.25f, 0.75f};  // two cells of two classes
  const MaskAxis one{0, 1, 1, 1}, three{0, 0.5, 3, 2};
  for (const float step : {0.0f, 0.25f}) {
    std::vector<float> stored = scores;
    if (step > 0)
      for (float& value : stored) value /= step;
    EXPECT_EQ(enlarge(stored, 2, one, three, true, step, ScoreFunction::identity).probabilities,
              (std::vector<float>{0.75f, 0.5f, 0.25f, 0.25f, 0.5f, 0.75f}))
        << step;
  }
}

TEST(Mask, LikeAFullSizeEnlargement) {
  std::mt19937 random(20261122);
  for (const AxisCase& axis : kAxisCases)
    for (const SizeCase& size : kSizeCases) {
      SCOPED_TRACE(std::string(axis.name) + ", " + std::to_string(size.rows) + "x" + std::to_string(size.columns) +
                   " to " + std::to_string(size.height) + "x" + std::to_string(size.width));
      expect_like_slow(size, axis.axis(size.height, size.rows), axis.axis(size.width, size.columns),
                       random_scores(random, size.rows * size.columns, size.channels));
    }
}

// Quarters of the way from 10 to 20 and from 11 to 18: at the first, 12.5 and 12.75 both round to 13, where the first
// class wins; by the scores themselves the second would.
TEST(Mask, ScoresOfAQuantisedGraphAreRoundedBeforeTheyCompete) {
  const std::vector<float> scores{10, 11, 20, 18};
  const MaskAxis one{0, 1, 1, 1}, quarters{0, 0.25, 4, 2};
  EXPECT_EQ(enlarge(scores, 2, one, quarters, false).mask, (std::vector<std::uint8_t>{1, 1, 0, 0}));
  const Enlarged rounded = enlarge(scores, 2, one, quarters, true, 0.5f);
  EXPECT_EQ(rounded.mask, (std::vector<std::uint8_t>{1, 0, 0, 0}));
  EXPECT_FLOAT_EQ(rounded.probabilities[1], 0.5f);
  // 17.5 and 16.25 round to 18 and 16, two steps of 0.5 apart.
  EXPECT_FLOAT_EQ(rounded.probabilities[3], 1 / (1 + std::exp(-1.0f)));
}

// Inside a region the leader of the cells around is taken without looking at other classes; with probabilities it never
// is. Whole numbers and real ones, leads of nothing, of one step and more.
TEST(Mask, RegionsAreTheSameWithAndWithoutLookingAtEveryClass) {
  std::mt19937 random(3);
  for (const AxisCase& axis : kAxisCases)
    for (const SizeCase& size : kSizeCases)
      for (const float step : {0.0f, 0.25f})
        for (const int lead : {0, 1, 2, 9}) {
          std::vector<float> scores(static_cast<std::size_t>(size.rows * size.columns * size.channels));
          for (std::size_t i = 0; i < scores.size(); ++i) {
            const auto cell = static_cast<int>(i) / size.channels, channel = static_cast<int>(i) % size.channels;
            const int region = (cell / size.columns / 3 + cell % size.columns / 4) % size.channels;
            const int level = static_cast<int>(random() % 4) + (channel == region ? 3 + lead : 0);
            scores[i] = step > 0 ? static_cast<float>(level) : 0.1f * static_cast<float>(level);
          }
          const MaskAxis rows = axis.axis(size.height, size.rows), columns = axis.axis(size.width, size.columns);
          EXPECT_EQ(enlarge(scores, size.channels, rows, columns, false, step).mask,
                    enlarge(scores, size.channels, rows, columns, true, step).mask)
              << axis.name << ", " << size.height << "x" << size.width << ", step " << step << ", lead " << lead;
        }
}

TEST(Mask, TheLowestOfEqualClasses) {
  const std::vector<float> scores{1, 3, 3, 3, 2, 2, 2, 2};
  const Enlarged enlarged = enlarge(scores, 4, {0, 1, 1, 1}, {0, 1, 2, 2}, false);
  EXPECT_EQ(enlarged.mask, (std::vector<std::uint8_t>{1, 0}));
}

TEST(Mask, AxesThatAreNoNumbersStayInside) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const std::vector<float> scores{0, 1, 1, 0, 0, 1, 1, 0};
  for (const MaskAxis& wild : {MaskAxis{nan, 1, 3, 2}, MaskAxis{0, nan, 3, 2}, MaskAxis{infinity, 1, 3, 2},
                               MaskAxis{-infinity, infinity, 3, 2}, MaskAxis{1e300, -1e300, 3, 2}})
    for (const std::uint8_t class_index : enlarge(scores, 2, wild, wild, true).mask) EXPECT_LT(class_index, 2);
}

TEST(Mask, ScoresThatAreNoNumbersGiveSomeClass) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> scores{nan, 0, 1, 0, nan, 1, infinity, -infinity, infinity, 2, 5, nan};
  const MaskAxis axis{0, 0.5, 4, 2};
  for (const std::uint8_t class_index : enlarge(scores, 3, axis, axis, true).mask) EXPECT_LT(class_index, 3);
}

}  // namespace
}  // namespace mobilenet
