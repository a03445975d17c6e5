// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "search/vector_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <random>
#include <vector>

#include "base/half.h"
#include "search/query.h"

// Every instruction set of this machine against plain loops.

namespace mobilenet {

void PrintTo(const KernelRow<VectorKernels>& row, std::ostream* out) { *out << row.isa; }

namespace {

constexpr std::size_t kStride = 3 * kRowElements;
constexpr std::size_t kRows = 11;  // no multiple of any tile

std::vector<std::uint16_t> random_halves(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.05f);
  std::vector<std::uint16_t> halves(count);
  for (std::uint16_t& half : halves) half = float_to_half(normal(random));
  return halves;
}

class VectorKernelsTest : public testing::TestWithParam<KernelRow<VectorKernels>> {
 protected:
  const VectorKernels& kernels = *GetParam().kernels;
};

TEST_P(VectorKernelsTest, ProductsOfCodesAreExactForAnyNumberOfQueriesAndRows) {
  std::mt19937 random(1);
  std::vector<std::int16_t> queries(kTileQueries * kStride);
  std::vector<std::int8_t> codes(kRows * kStride);
  for (std::int16_t& value : queries) value = static_cast<std::int16_t>(static_cast<int>(random() % 65535) - 32767);
  for (std::int8_t& value : codes) value = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  for (std::size_t query_count = 1; query_count <= kTileQueries; ++query_count)
    for (std::size_t rows = 0; rows <= kRows; ++rows) {
      constexpr std::int32_t kUntouched = 12345;
      std::vector<std::int32_t> sums(kTileQueries * kRows, kUntouched);
      kernels.multiply({queries.data(), query_count, codes.data(), rows, kStride, sums.data(), kRows});
      for (std::size_t q = 0; q < kTileQueries; ++q)
        for (std::size_t row = 0; row < kRows; ++row) {
          std::int32_t expected = kUntouched;
          if (q < query_count && row < rows) {
            expected = 0;
            for (std::size_t i = 0; i < kStride; ++i) expected += queries[q * kStride + i] * codes[row * kStride + i];
          }
          ASSERT_EQ(sums[q * kRows + row], expected)
              << query_count << " queries, " << rows << " rows: " << q << ',' << row;
        }
    }
}

TEST_P(VectorKernelsTest, DotIsThatOfAPlainLoop) {
  const auto row = random_halves(kStride, 2), other = random_halves(kStride, 3);
  std::vector<float> query;
  for (const std::uint16_t half : other) query.push_back(half_to_float(half));
  double expected = 0, size = 0;
  for (std::size_t i = 0; i < kStride; ++i) {
    const double term = static_cast<double>(query[i]) * static_cast<double>(half_to_float(row[i]));
    expected += term;
    size += std::abs(term);
  }
  // A sum of n products in floats is off by n * 2^-24 of what they come to without their signs.
  EXPECT_NEAR(kernels.dot(query.data(), row.data(), kStride), expected, static_cast<double>(kStride) * 0x1p-24 * size);
}

TEST_P(VectorKernelsTest, CodesAreNearAndTheirErrorIsNotLargerThanSaid) {
  auto row = random_halves(kStride, 4);
  row[7] = 1;                     // the smallest subnormal
  row[8] = float_to_half(-0.5f);  // the largest, negative
  std::vector<std::int8_t> codes(kStride);
  const RowMeasures measures = kernels.encode(row.data(), kStride, codes.data());
  double squares = 0, errors = 0;
  for (std::size_t i = 0; i < kStride; ++i) {
    const double value = half_to_float(row[i]);
    const double error = value - static_cast<double>(measures.scale) * codes[i];
    ASSERT_LE(std::abs(error), 0.5001 * static_cast<double>(measures.scale)) << i;
    squares += value * value;
    errors += error * error;
  }
  EXPECT_EQ(codes[8], -kLargestCode);
  EXPECT_GE(measures.norm, std::sqrt(squares));
  EXPECT_LE(measures.norm, 1.002 * std::sqrt(squares));
  EXPECT_GE(measures.error, std::sqrt(errors));
  EXPECT_LE(measures.error, 1.01 * std::sqrt(errors));
}

TEST_P(VectorKernelsTest, WhatIsNotFiniteHasNoUsualLength) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (const std::size_t place : {std::size_t{0}, std::size_t{17}, kStride - 1}) {
      auto row = random_halves(kStride, 5);
      row[place] = float_to_half(bad);
      std::vector<std::int8_t> codes(kStride);
      EXPECT_FALSE(kernels.encode(row.data(), kStride, codes.data()).norm < 65536) << bad << " at " << place;
    }
  const std::vector<std::uint16_t> zeros(kStride);
  std::vector<std::int8_t> codes(kStride, 1);
  EXPECT_EQ(kernels.encode(zeros.data(), kStride, codes.data()).norm, 0);
  EXPECT_EQ(codes, std::vector<std::int8_t>(kStride));
}

INSTANTIATE_TEST_SUITE_P(EveryInstructionSet, VectorKernelsTest,
                         testing::ValuesIn(runnable_vector_kernels().begin(), runnable_vector_kernels().end()),
                         [](const auto& row) { return std::string(row.param.isa); });

// Codes of a query whose numbers are all as large as can be must not overflow a sum of 32 bits.
TEST(Queries, SumsStayWithin32Bits) {
  for (const std::size_t stride : {kRowElements, std::size_t{1280}, kMostElements}) {
    Queries queries(1, stride);
    ASSERT_TRUE(queries.add(std::vector<float>(stride, 1.0f)));
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < stride; ++i) sum += std::int64_t{queries.codes(0)[i]} * kLargestCode;
    EXPECT_LE(sum, std::numeric_limits<std::int32_t>::max()) << stride;
    EXPECT_GT(sum, std::numeric_limits<std::int32_t>::max() / 100) << stride;
  }
}

}  // namespace
}  // namespace mobilenet
