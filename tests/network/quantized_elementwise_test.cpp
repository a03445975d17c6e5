// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every byte, or every pair of bytes, under many scales and zero points, against hashes of what the real runtime
// answers (make_quantized_golden.py); and refusals.
#include "network/quantized_elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "network/golden.h"

namespace mobilenet {
namespace {

using testing::Hash;
using testing::Scale;
using testing::tensor_of;

struct BinaryRow {
  BinaryKind kind;
  DataType type;
  Scale a, b, output;
  Activation activation;
  std::uint64_t hash;
};
const BinaryRow kBinaryRows[] = {
#include "network/binary_golden_rows.inc"
};

TEST(QuantizedElementwise, PairsOfBytesAsTheRuntimeHasThem) {
  int number = 0;
  for (const BinaryRow& row : kBinaryRows) {
    SCOPED_TRACE("row " + std::to_string(++number));
    const auto arithmetic = binary_arithmetic(row.kind, tensor_of(row.type, row.a), tensor_of(row.type, row.b),
                                              tensor_of(row.type, row.output), row.activation);
    ASSERT_TRUE(arithmetic) << arithmetic.error().message;
    const IntegerRange range = type_range(row.type);
    Hash hash;
    for (std::int32_t a = range.low; a <= range.high; ++a)
      for (std::int32_t b = range.low; b <= range.high; ++b) {
        const bool by_zero = row.kind == BinaryKind::divide && b == row.b.zero_point;
        hash.add(binary_element(*arithmetic, a, !by_zero ? b : b == range.low ? b + 1 : b - 1));
      }
    EXPECT_EQ(hash.value(), row.hash);
  }
}

using Made = std::variant<UnaryKind, Activation>;  // what makes the table
struct UnaryRow {
  Made made;
  float alpha;
  DataType type;
  Scale input, output;
  std::uint64_t hash;
};
const UnaryRow kUnaryRows[] = {
#include "network/unary_golden_rows.inc"
};

Result<ByteTable> table_of(const UnaryRow& row) {
  const Tensor input = tensor_of(row.type, row.input), output = tensor_of(row.type, row.output);
  if (const auto* kind = std::get_if<UnaryKind>(&row.made)) return unary_table({*kind, row.alpha}, input, output);
  return activation_table(std::get<Activation>(row.made), input, output);
}

TEST(QuantizedElementwise, BytesAsTheRuntimeHasThem) {
  int number = 0;
  for (const UnaryRow& row : kUnaryRows) {
    SCOPED_TRACE("row " + std::to_string(++number));
    const auto table = table_of(row);
    ASSERT_TRUE(table) << table.error().message;
    const bool root = row.made == Made(UnaryKind::sqrt) || row.made == Made(UnaryKind::rsqrt);
    const IntegerRange range = type_range(row.type);
    Hash hash;
    for (std::int32_t stored = range.low; stored <= range.high; ++stored)
      hash.add((*table)[static_cast<std::uint8_t>(root ? std::max(stored, row.input.zero_point) : stored)]);
    EXPECT_EQ(hash.value(), row.hash);
  }
}

// From the runtime: the half of sigmoid(0) under an odd zero point, which is added before rounding.
TEST(QuantizedElementwise, SigmoidRoundsOnceItsZeroPointIsAdded) {
  for (const auto& [zero_point, expected] : {std::pair{-2, 0}, {-3, 0}, {0, 2}, {1, 4}}) {
    const auto table = activation_table(Activation::sigmoid, tensor_of(DataType::i8, {0.1f, 0}),
                                        tensor_of(DataType::i8, {0.2f, zero_point}));
    ASSERT_TRUE(table);
    EXPECT_EQ(static_cast<std::int8_t>((*table)[0]), expected) << zero_point;
  }
}

constexpr Activation kNone = Activation::none;
constexpr BinaryKind kBinaryKinds[] = {
    BinaryKind::add,      BinaryKind::divide, BinaryKind::maximum, BinaryKind::minimum,
    BinaryKind::multiply, BinaryKind::power,  BinaryKind::prelu,   BinaryKind::squared_difference,
    BinaryKind::subtract};
constexpr UnaryKind kUnaryKinds[] = {UnaryKind::absolute, UnaryKind::elu,    UnaryKind::exp,   UnaryKind::leaky_relu,
                                     UnaryKind::log,      UnaryKind::negate, UnaryKind::rsqrt, UnaryKind::sqrt,
                                     UnaryKind::square,   UnaryKind::tanh};

TEST(QuantizedElementwise, RefusesWhatTheRuntimeHasNot) {
  const Tensor u8 = tensor_of(DataType::u8, {0.1f, 128}), i8 = tensor_of(DataType::i8, {0.1f, 0});
  for (const BinaryKind kind : kBinaryKinds) {
    EXPECT_FALSE(binary_arithmetic(kind, u8, i8, u8, kNone));
    EXPECT_FALSE(binary_arithmetic(kind, u8, u8, i8, kNone));
    EXPECT_EQ(bool(binary_arithmetic(kind, i8, i8, i8, kNone)), kind != BinaryKind::power);
    EXPECT_EQ(bool(binary_arithmetic(kind, u8, u8, u8, kNone)),
              kind != BinaryKind::power && kind != BinaryKind::squared_difference);
  }
  for (const UnaryKind kind : kUnaryKinds) {
    EXPECT_FALSE(unary_table({kind, 0.1f}, i8, u8));
    EXPECT_EQ(bool(unary_table({kind, 0.1f}, i8, i8)), kind != UnaryKind::square);
    EXPECT_EQ(bool(unary_table({kind, 0.1f}, u8, u8)), kind == UnaryKind::leaky_relu || kind == UnaryKind::tanh);
  }
  EXPECT_FALSE(hard_swish_table(i8, u8));
  EXPECT_FALSE(activation_table(Activation::relu_0_to_1, i8, u8));
}

TEST(QuantizedElementwise, DividesByZeroToTheEndOfItsRange) {
  const Tensor i8 = tensor_of(DataType::i8, {0.1f, 3});
  const auto divide = binary_arithmetic(BinaryKind::divide, i8, i8, i8, kNone);
  ASSERT_TRUE(divide);
  EXPECT_EQ(binary_element(*divide, 7, 3), 127);
  EXPECT_EQ(binary_element(*divide, -7, 3), -128);
}

// An answer inside the type or a refusal, never undefined behaviour (the sanitizer build watches).
TEST(QuantizedElementwise, SurvivesFarScales) {
  const float scales[] = {1e-38f, 1e-20f, 1e-9f, 1e-5f, 1e-2f, 1, 1e3f, 1e9f, 1e20f, 3e38f};
  for (const DataType type : {DataType::u8, DataType::i8}) {
    const IntegerRange range = type_range(type);
    const std::int32_t ends[] = {range.low, range.low + 1, range.high};
    for (const float in : scales)
      for (const float out : scales) {
        const Tensor input = tensor_of(type, {in, range.high}), output = tensor_of(type, {out, range.low});
        for (const float other : scales)
          for (const BinaryKind kind : kBinaryKinds)
            if (const auto arithmetic =
                    binary_arithmetic(kind, input, tensor_of(type, {other, range.low}), output, Activation::relu6))
              for (const std::int32_t a : ends)
                for (const std::int32_t b : ends) {
                  const std::int32_t element = binary_element(*arithmetic, a, b);
                  EXPECT_EQ(range.clamp(element), element);
                }
        for (const UnaryKind kind : kUnaryKinds)
          for (const float alpha : {0.0f, -1.0f, 1e30f, std::numeric_limits<float>::quiet_NaN()})
            (void)unary_table({kind, alpha}, input, output);
        (void)hard_swish_table(input, output);
        (void)activation_table(Activation::relu_n1_to_1, input, output);
        (void)activation_table(Activation::sigmoid, input, output);
      }
  }
}

}  // namespace
}  // namespace mobilenet
