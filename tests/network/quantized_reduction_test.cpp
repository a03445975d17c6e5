// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Rows of random bytes against hashes of what the real runtime answers (make_quantized_golden.py); and refusals.
#include "network/quantized_reduction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "network/golden.h"

namespace mobilenet {
namespace {

using testing::Hash;
using testing::Scale;
using testing::tensor_of;

enum class Reduction { mean, sum, maximum, minimum, l2, log_softmax };

struct ReductionRow {
  Reduction kind;
  DataType type;
  Scale input, output;
  int rows, columns;
  std::uint32_t seed;
  int dropped_bits;
  std::int32_t raised;
  std::uint64_t hash;
};
const ReductionRow kRows[] = {
#include "network/reduction_golden_rows.inc"
};

// The numbers of Tensor.data() in make_litert_golden.py.
std::vector<std::int32_t> data_of(const ReductionRow& row) {
  std::vector<std::int32_t> data(static_cast<std::size_t>(row.rows) * static_cast<std::size_t>(row.columns));
  std::uint32_t state = row.seed;
  for (std::int32_t& stored : data) {
    state = state * 1664525u + 1013904223u;
    const auto byte = static_cast<std::uint8_t>(state >> 24);
    const std::int32_t drawn = row.type == DataType::i8 ? static_cast<std::int8_t>(byte) : byte;
    stored = (drawn >> row.dropped_bits) + row.raised;
  }
  return data;
}

using Numbers = std::vector<std::int32_t>;

std::int32_t sum_of(const Numbers& row) {
  std::int32_t sum = 0;
  for (const std::int32_t stored : row) sum += stored;
  return sum;
}

Numbers normalised(const L2Arithmetic& l2, Numbers row) {
  std::int32_t total = 0;
  for (const std::int32_t stored : row) total += (stored - l2.input_zero_point) * (stored - l2.input_zero_point);
  const FixedPoint factor = inverse_root(total);
  for (std::int32_t& stored : row) stored = l2_element(l2, factor, stored);
  return row;
}

Numbers log_softmax_of(const LogSoftmaxArithmetic& log_softmax, Numbers row) {
  const std::int32_t maximum = *std::max_element(row.begin(), row.end());
  float total = 0;
  for (const std::int32_t stored : row) total += log_softmax.exponentials[static_cast<std::size_t>(maximum - stored)];
  const float offset = log_softmax_offset(log_softmax, maximum, total);
  for (std::int32_t& stored : row) stored = log_softmax_element(log_softmax, offset, stored);
  return row;
}

Result<Numbers> answer_of(const ReductionRow& row, const Numbers& numbers) {
  const Tensor input = tensor_of(row.type, row.input), output = tensor_of(row.type, row.output);
  switch (row.kind) {
    case Reduction::mean: {
      const auto mean = mean_arithmetic(input, output, row.columns);
      if (!mean) return mean.error();
      return Numbers{mean_element(*mean, sum_of(numbers))};
    }
    case Reduction::sum: {
      const auto sum = sum_arithmetic(input, output, row.columns);
      if (!sum) return sum.error();
      return Numbers{mean_element(*sum, sum_of(numbers))};
    }
    case Reduction::maximum:
      return Numbers{*std::max_element(numbers.begin(), numbers.end())};
    case Reduction::minimum:
      return Numbers{*std::min_element(numbers.begin(), numbers.end())};
    case Reduction::l2: {
      const auto l2 = l2_arithmetic(input, output);
      if (!l2) return l2.error();
      return normalised(*l2, numbers);
    }
    case Reduction::log_softmax: {
      const auto log_softmax = log_softmax_arithmetic(input, output);
      if (!log_softmax) return log_softmax.error();
      return log_softmax_of(*log_softmax, numbers);
    }
  }
  return Numbers{};
}

TEST(QuantizedReduction, RowsOfBytesAsTheRuntimeHasThem) {
  int number = 0;
  for (const ReductionRow& row : kRows) {
    SCOPED_TRACE("row " + std::to_string(++number));
    const Numbers data = data_of(row);
    Hash hash;
    for (auto begin = data.begin(); begin != data.end(); begin += row.columns) {
      const auto answer = answer_of(row, Numbers(begin, begin + row.columns));
      ASSERT_TRUE(answer) << answer.error().message;
      for (const std::int32_t stored : *answer) hash.add(stored);
    }
    EXPECT_EQ(hash.value(), row.hash);
  }
}

TEST(QuantizedReduction, RefusesOtherOutputs) {
  const Tensor u8 = tensor_of(DataType::u8, {0.1f, 128}), i8 = tensor_of(DataType::i8, {0.1f, 0});
  EXPECT_FALSE(sum_arithmetic(u8, i8, 3));
  EXPECT_FALSE(check_extreme(u8, i8));
  EXPECT_TRUE(check_extreme(u8, tensor_of(DataType::u8, {7, 0})));
  EXPECT_TRUE(l2_arithmetic(u8, tensor_of(DataType::u8, {1.0f / 128, 128})));
  EXPECT_FALSE(l2_arithmetic(u8, tensor_of(DataType::u8, {1.0f / 128, 127})));
  EXPECT_FALSE(l2_arithmetic(i8, tensor_of(DataType::i8, {1.0f / 127, 0})));
  EXPECT_TRUE(log_softmax_arithmetic(i8, tensor_of(DataType::i8, {1.0f / 16, 127})));
  EXPECT_FALSE(log_softmax_arithmetic(i8, tensor_of(DataType::i8, {1.0f / 16, 126})));
  EXPECT_FALSE(log_softmax_arithmetic(u8, tensor_of(DataType::u8, {1.0f / 256, 255})));
}

TEST(QuantizedReduction, SurvivesItsEnds) {
  for (const float scale : {1e-38f, 1e-9f, 1.0f, 1e9f, 3e38f}) {
    const Tensor input = tensor_of(DataType::u8, {scale, 0});
    if (const auto sum = sum_arithmetic(input, tensor_of(DataType::u8, {1, 0}), 1 << 20)) {
      EXPECT_EQ(mean_element(*sum, 0), 0);
      EXPECT_GE(mean_element(*sum, 2147483647), 0);
    }
    if (const auto l2 = l2_arithmetic(input, tensor_of(DataType::u8, {1.0f / 128, 128}))) {
      for (const std::int32_t total : {0, 1, 2, 1 << 29, 2147483647})
        for (const std::int32_t x : {0, 255}) EXPECT_GE(l2_element(*l2, inverse_root(total), x), 128);
    }
    if (const auto log_softmax = log_softmax_arithmetic(input, tensor_of(DataType::u8, {1.0f / 16, 255}))) {
      EXPECT_EQ(log_softmax_of(*log_softmax, {255}), Numbers{255});
      EXPECT_LE(log_softmax_of(*log_softmax, {0, 255})[0], 255);
    }
  }
}

}  // namespace
}  // namespace mobilenet
