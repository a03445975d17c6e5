// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The kernels that make a mask of scores, of every instruction set, against their formulas: interpolated bytes and
// places of the largest, at sizes around the vectors' ends.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "backend/cpu/every_isa.h"
#include "base/aligned_buffer.h"

namespace mobilenet::cpu {
namespace {

constexpr std::uint8_t kUntouched = 0xa5;
constexpr std::uint8_t kFlips[] = {0, 0x80};

class MaskKernel : public testing::EveryIsa {
 protected:
  const KernelSet& kernels_ = GetParam();
  std::mt19937 random_{7};

  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
};

TEST_P(MaskKernel, InterpolatedBytesAreTheirFormula) {
  for (const std::size_t channels : {1u, 2u, 3u, 15u, 16u, 17u, 21u, 64u, 151u})
    for (const std::size_t pixels : {1u, 2u, 9u, 40u})
      for (const std::uint8_t flip : kFlips) {
        const std::size_t width = 1 + pixels / 3, count = width * channels;
        std::vector<std::uint8_t> top(count + kReadPadding), bottom(count + kReadPadding);
        for (std::uint8_t& byte : top) byte = static_cast<std::uint8_t>(below(3) == 0 ? 255 : below(256));
        for (std::uint8_t& byte : bottom) byte = static_cast<std::uint8_t>(below(3) == 0 ? 0 : below(256));
        const std::int32_t y_weight = below(4) == 0 ? 2048 : below(2049);
        std::vector<ResizeTap> columns(pixels);
        for (ResizeTap& tap : columns) {
          tap.low = below(static_cast<int>(width));
          tap.high = std::min(tap.low + 1, static_cast<std::int32_t>(width) - 1);
          tap.weight = below(2049);
        }
        std::vector<std::int32_t> blended(count + kReadPadding);
        std::vector<std::uint8_t> output(pixels * channels + 64, kUntouched);
        kernels_.int8_resize->down(top.data(), bottom.data(), count, flip, y_weight, blended.data());
        kernels_.int8_resize->across({blended.data(), columns.data(), pixels, channels, flip, output.data()});
        for (std::size_t p = 0; p < pixels; ++p)
          for (std::size_t c = 0; c < channels; ++c) {
            const std::size_t low = static_cast<std::size_t>(columns[p].low) * channels + c;
            const std::size_t high = static_cast<std::size_t>(columns[p].high) * channels + c;
            const std::int32_t expected = resize_element(top[low] ^ flip, top[high] ^ flip, bottom[low] ^ flip,
                                                         bottom[high] ^ flip, columns[p].weight, y_weight);
            ASSERT_EQ(output[p * channels + c], expected ^ flip)
                << "pixel " << p << " of " << pixels << ", channel " << c << " of " << channels;
          }
        EXPECT_TRUE(std::all_of(output.end() - 64, output.end(), [](int o) { return o == kUntouched; }))
            << "wrote too far";
      }
}

TEST_P(MaskKernel, PlacesOfBytesAreTheFirstOfTheLargest) {
  for (const std::size_t columns : {1u, 2u, 16u, 21u, 31u, 32u, 33u, 64u, 151u, 1001u})
    for (const std::uint8_t flip : kFlips)
      for (const int values : {1, 2, 256}) {  // few: many are equal
        constexpr std::size_t kRows = 40;
        std::vector<std::uint8_t> rows(kRows * columns + kReadPadding, 0xff);
        for (std::size_t i = 0; i < kRows * columns; ++i)
          rows[i] = static_cast<std::uint8_t>(static_cast<unsigned>(below(values)) ^ flip);
        std::vector<std::int32_t> places(kRows, -1);
        kernels_.arg_max->bytes(rows.data(), kRows, columns, flip, places.data());
        for (std::size_t r = 0; r < kRows; ++r) {
          const std::uint8_t* row = rows.data() + r * columns;
          const std::uint8_t* largest = std::max_element(
              row, row + columns, [flip](std::uint8_t a, std::uint8_t b) { return (a ^ flip) < (b ^ flip); });
          ASSERT_EQ(places[r], largest - row) << "row " << r << " of " << columns << " columns";
        }
      }
}

TEST_P(MaskKernel, PlacesOfFloatsAreTheFirstOfTheLargest) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kStrange[] = {std::numeric_limits<float>::quiet_NaN(), -kInfinity, kInfinity, 0.0f, -0.0f,
                                std::numeric_limits<float>::lowest()};
  for (const std::size_t columns : {1u, 2u, 7u, 8u, 16u, 17u, 21u, 32u, 33u, 151u})
    for (const int strange : {0, 2, 30, 100}) {  // of a hundred numbers
      constexpr std::size_t kRows = 60;
      std::vector<float> rows(kRows * columns + kReadPadding, kInfinity);
      for (std::size_t i = 0; i < kRows * columns; ++i)
        rows[i] = below(100) < strange ? kStrange[below(6)] : static_cast<float>(below(40) - 20);
      // All alike, and as low as can be.
      std::fill_n(rows.begin(), columns, -kInfinity);
      std::vector<std::int32_t> places(kRows, -1);
      kernels_.arg_max->floats(rows.data(), kRows, columns, places.data());
      for (std::size_t r = 0; r < kRows; ++r) {
        const float* row = rows.data() + r * columns;
        ASSERT_EQ(places[r], std::max_element(row, row + columns) - row) << "row " << r << " of " << columns;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Isas, MaskKernel, testing::every_isa(), testing::isa_test_name);

}  // namespace
}  // namespace mobilenet::cpu
