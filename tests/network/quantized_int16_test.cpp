// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Networks of 16-bit activations against hashes of what the real runtime answers (make_int16_golden.py); and refusals.
#include "network/quantized_int16.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "base/error.h"
#include "network/golden.h"

namespace mobilenet {
namespace {

using testing::drawn;
using testing::Drawn;
using testing::Hash;
using testing::Scale;
using testing::tensor_of;

enum class Kind { add, subtract, multiply, mean, sum, rescale, softmax, sigmoid, tanh };

struct Int16Row {
  Kind kind;
  DataType input_type, output_type;
  Scale a, b, output;
  Activation activation;
  int rows, columns;
  float beta;
  std::uint32_t seed;
  std::uint64_t hash;
};
const Int16Row kRows[] = {
#include "network/int16_golden_rows.inc"
};

using Numbers = std::vector<std::int32_t>;

Numbers softmax_of(const Int16SoftmaxArithmetic& softmax, Numbers row) {
  const std::int32_t maximum = *std::max_element(row.begin(), row.end());
  std::int64_t total = 0;
  for (std::int32_t& stored : row) total += stored = int16_exponential(softmax, stored - maximum);
  const Int16SoftmaxFactor factor = int16_softmax_factor(softmax, total);
  for (std::int32_t& stored : row) stored = int16_softmax_element(stored, factor);
  return row;
}

Result<Numbers> of_pairs(const Int16Row& row, Numbers a, const Numbers& b) {
  const Tensor x = tensor_of(row.input_type, row.a), y = tensor_of(row.input_type, row.b);
  const Tensor output = tensor_of(row.output_type, row.output);
  if (row.kind == Kind::multiply) {
    MOBILENET_TRY(const auto product, int16_product_arithmetic(x, y, output, row.activation));
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = int16_product_element(product, a[i], b[i]);
    return a;
  }
  const BinaryKind kind = row.kind == Kind::add ? BinaryKind::add : BinaryKind::subtract;
  MOBILENET_TRY(const auto sum, int16_sum_arithmetic(kind, x, y, output, row.activation));
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = int16_sum_element(sum, a[i], b[i]);
  return a;
}

Result<Numbers> of_row(const Int16Row& row, Numbers numbers) {
  const Tensor input = tensor_of(row.input_type, row.a), output = tensor_of(row.output_type, row.output);
  switch (row.kind) {
    case Kind::add:
    case Kind::subtract:
    case Kind::multiply:
      return of_pairs(row, numbers, drawn(Drawn::i16, row.seed + 1, numbers.size()));
    case Kind::mean: {
      MOBILENET_TRY(const FixedPoint factor, int16_mean_factor(input, output, row.columns));
      std::int32_t sum = 0;
      for (const std::int32_t stored : numbers) sum += stored;
      return Numbers{kInt16Range.clamp(multiply_rounded_twice(sum, factor, Halves::away_from_zero))};
    }
    case Kind::sum: {
      MOBILENET_TRY(const auto total, int16_total_arithmetic(ReduceKind::sum, input, output, row.columns));
      std::int64_t sum = 0;
      for (const std::int32_t stored : numbers) sum += stored;
      return Numbers{total(sum)};
    }
    case Kind::rescale: {
      MOBILENET_TRY(const auto rescale, int16_rescale_arithmetic(input, output, row.activation));
      for (std::int32_t& stored : numbers) stored = int16_rescale_element(rescale, stored);
      return numbers;
    }
    case Kind::softmax: {
      MOBILENET_TRY(const auto softmax, int16_softmax_arithmetic(input, output, row.beta));
      return softmax_of(softmax, numbers);
    }
    case Kind::sigmoid:
    case Kind::tanh: {
      MOBILENET_TRY(const auto sigmoid, int16_sigmoid_arithmetic(input, output));
      for (std::int32_t& stored : numbers)
        stored = row.kind == Kind::tanh ? int16_tanh_element(sigmoid, stored) : int16_sigmoid_element(sigmoid, stored);
      return numbers;
    }
  }
  return Numbers{};
}

Numbers every_number() {
  Numbers numbers;
  for (std::int32_t stored = -32768; stored <= 32767; ++stored) numbers.push_back(stored);
  return numbers;
}

TEST(QuantizedInt16, NumbersAsTheRuntimeHasThem) {
  int number = 0;
  for (const Int16Row& row : kRows) {
    SCOPED_TRACE("row " + std::to_string(++number));
    const std::size_t count = static_cast<std::size_t>(row.rows) * static_cast<std::size_t>(row.columns);
    const Numbers data = row.seed == 0 ? every_number() : drawn(testing::drawn_of(row.input_type), row.seed, count);
    Hash hash;
    for (auto begin = data.begin(); begin != data.end(); begin += row.columns) {
      const auto answer = of_row(row, Numbers(begin, begin + row.columns));
      ASSERT_TRUE(answer) << answer.error().message;
      for (const std::int32_t stored : *answer) hash.add(row.output_type, stored);
    }
    EXPECT_EQ(hash.value(), row.hash);
  }
}

TEST(QuantizedInt16, RefusesWhatTheRuntimeHasNot) {
  const Tensor i16 = tensor_of(DataType::i16, {0.01f, 0}), u8 = tensor_of(DataType::u8, {0.01f, 0});
  EXPECT_FALSE(int16_scale(tensor_of(DataType::i16, {0.01f, 1})));
  EXPECT_FALSE(int16_scale(tensor_of(DataType::i16, {-1, 0})));
  EXPECT_FALSE(int16_scale(u8));
  EXPECT_FALSE(int16_rescale_arithmetic(i16, u8, Activation::none));
  EXPECT_TRUE(int16_rescale_arithmetic(u8, i16, Activation::none));
  EXPECT_FALSE(int16_softmax_arithmetic(i16, i16, 1));
  EXPECT_FALSE(int16_sigmoid_arithmetic(i16, i16));
  EXPECT_FALSE(
      int16_sigmoid_arithmetic(tensor_of(DataType::i16, {0x1p-12f, 0}), tensor_of(DataType::i16, {1.0f / 32768, 0})));
}

// An answer inside the type or a refusal, never undefined behaviour (the sanitizer build watches).
TEST(QuantizedInt16, SurvivesFarScales) {
  const float scales[] = {1e-38f, 1e-20f, 1e-9f, 1e-5f, 1e-2f, 1, 1e3f, 1e9f, 1e20f, 3e38f};
  const std::int32_t ends[] = {-32768, -1, 0, 32767};
  const Tensor unit = tensor_of(DataType::i16, {1.0f / 32768, 0});
  for (const float in : scales) {
    const Tensor input = tensor_of(DataType::i16, {in, 0});
    if (const auto softmax = int16_softmax_arithmetic(input, unit, 1)) {
      for (const std::int32_t lowest : ends) EXPECT_LE(softmax_of(*softmax, {lowest, 32767})[0], 32767);
    }
    EXPECT_FALSE(int16_softmax_arithmetic(input, unit, std::numeric_limits<float>::quiet_NaN()));
    if (const auto sigmoid = int16_sigmoid_arithmetic(input, unit)) {
      for (const std::int32_t x : ends) {
        EXPECT_GE(int16_sigmoid_element(*sigmoid, x), 0);
        EXPECT_GE(int16_tanh_element(*sigmoid, x), -32767);
      }
    }
    for (const float out : scales) {
      const Tensor output = tensor_of(DataType::i16, {out, 0});
      for (const float other : scales) {
        const Tensor second = tensor_of(DataType::i16, {other, 0});
        for (const BinaryKind kind : {BinaryKind::add, BinaryKind::subtract})
          if (const auto sum = int16_sum_arithmetic(kind, input, second, output, Activation::none)) {
            for (const std::int32_t a : ends)
              for (const std::int32_t b : ends) EXPECT_LE(int16_sum_element(*sum, a, b), 32767);
          }
        if (const auto product = int16_product_arithmetic(input, second, output, Activation::relu6)) {
          for (const std::int32_t a : ends)
            for (const std::int32_t b : ends) EXPECT_GE(int16_product_element(*product, a, b), 0);
        }
        Tensor weight = tensor_of(DataType::i8, {other, 0});
        const std::int64_t largest = int16_bounded_bias(std::numeric_limits<std::int64_t>::max()) + 1;
        if (const auto convolution = int16_convolution_arithmetic(input, weight, output, Activation::none, 1)) {
          for (const std::int64_t sum : {-largest, largest})
            EXPECT_GE(int16_convolution_element(convolution->factors[0], sum, convolution->range), -32768);
        }
        if (const auto dense = int16_dense_arithmetic(input, weight, output, Activation::none, 1, Int16Bias::i64)) {
          for (const std::int64_t sum : {-largest, largest})
            EXPECT_GE(int16_dense_wide_element(dense->factors[0], sum, dense->range), -32768);
          for (const std::int32_t sum : {std::numeric_limits<std::int32_t>::min(), 2147483647})
            EXPECT_GE(int16_dense_element(dense->factors[0], sum, dense->range), -32768);
        }
      }
      for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1} << 16, std::int64_t{1} << 40})
        if (const auto factor = int16_mean_factor(input, output, count))
          for (const std::int64_t extreme : {-32768, 32767})
            (void)multiply_rounded_twice(static_cast<std::int32_t>(extreme * count), *factor, Halves::away_from_zero);
      for (const Activation activation : {Activation::hard_swish, Activation::relu_n1_to_1, Activation::sigmoid})
        EXPECT_FALSE(int16_rescale_arithmetic(input, output, activation));
      if (const auto rescale = int16_rescale_arithmetic(input, output, Activation::relu6)) {
        for (const std::int32_t x : ends) EXPECT_GE(int16_rescale_element(*rescale, x), 0);
      }
    }
  }
}

}  // namespace
}  // namespace mobilenet
