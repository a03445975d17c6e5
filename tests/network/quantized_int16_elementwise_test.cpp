// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators on 16-bit numbers and pairs of them against hashes of what the real runtime answers (make_int16_golden.py);
// and refusals.
#include "network/quantized_int16_elementwise.h"

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

struct ElementRow {
  std::variant<BinaryKind, UnaryKind> made;
  float alpha;
  Scale a, b, output;
  Activation activation;
  bool repeats;
  std::uint32_t seed;
  std::uint64_t hash;
};
const ElementRow kRows[] = {
#include "network/int16_element_golden_rows.inc"
};

Tensor wide(float scale) { return tensor_of(DataType::i16, {scale, 0}); }

Result<std::uint64_t> hash_of_pairs(BinaryKind kind, const ElementRow& row) {
  constexpr std::size_t kRepeated = 100, kCount = 40 * kRepeated;
  const bool slopes = kind == BinaryKind::prelu;
  const Tensor second = tensor_of(slopes ? DataType::i8 : DataType::i16, row.b);
  MOBILENET_TRY(const auto element,
                int16_binary_arithmetic(kind, wide(row.a.scale), second, wide(row.output.scale), row.activation));
  const auto a = drawn(Drawn::i16, row.seed, kCount);
  const auto b = drawn(slopes ? Drawn::i8 : Drawn::i16, row.seed + 1, kCount);
  Hash hash;
  for (std::size_t i = 0; i < kCount; ++i) {
    std::int32_t other = b[row.repeats ? i % kRepeated : i];
    if (kind == BinaryKind::divide) other |= 1;
    hash.add(DataType::i16, std::visit([&](const auto& compute) { return compute(a[i], other); }, element));
  }
  return hash.value();
}

Result<std::uint64_t> hash_of_every(UnaryKind kind, const ElementRow& row) {
  MOBILENET_TRY(const Int16Table table,
                int16_unary_table({kind, row.alpha}, wide(row.a.scale), wide(row.output.scale)));
  Hash hash;
  for (std::int32_t stored = -32768; stored <= 32767; ++stored)
    hash.add(DataType::i16, table(kind == UnaryKind::rsqrt ? std::max(stored, 0) : stored));
  return hash.value();
}

TEST(QuantizedInt16Elementwise, NumbersAsTheRuntimeHasThem) {
  int number = 0;
  for (const ElementRow& row : kRows) {
    SCOPED_TRACE("row " + std::to_string(++number));
    const auto* binary = std::get_if<BinaryKind>(&row.made);
    const auto hash =
        binary != nullptr ? hash_of_pairs(*binary, row) : hash_of_every(std::get<UnaryKind>(row.made), row);
    ASSERT_TRUE(hash) << hash.error().message;
    EXPECT_EQ(*hash, row.hash);
  }
}

TEST(QuantizedInt16Elementwise, RefusesWhatTheRuntimeHasNot) {
  const Tensor x = wide(0.01f);
  for (const BinaryKind kind : {BinaryKind::power, BinaryKind::squared_difference})
    EXPECT_FALSE(int16_binary_arithmetic(kind, x, x, x, Activation::none));
  for (const UnaryKind kind : {UnaryKind::elu, UnaryKind::negate, UnaryKind::sqrt, UnaryKind::square})
    EXPECT_FALSE(int16_unary_table({kind, 0}, x, x));
  const Tensor u8 = tensor_of(DataType::u8, {0.01f, 0});
  EXPECT_FALSE(int16_binary_arithmetic(BinaryKind::maximum, x, u8, x, Activation::none));
  EXPECT_FALSE(int16_unary_table({UnaryKind::exp, 0}, u8, x));
}

// An answer inside the type or a refusal, never undefined behaviour (the sanitizer build watches).
TEST(QuantizedInt16Elementwise, SurvivesFarScales) {
  const float scales[] = {1e-38f, 1e-20f, 1e-9f, 1e-5f, 1e-2f, 1, 1e3f, 1e9f, 1e20f, 3e38f};
  for (const float in : scales)
    for (const float out : scales) {
      for (const float other : scales)
        for (const BinaryKind kind :
             {BinaryKind::add, BinaryKind::divide, BinaryKind::multiply, BinaryKind::prelu, BinaryKind::subtract})
          for (const DataType type : {DataType::i16, DataType::i8})
            if (const auto element =
                    int16_binary_arithmetic(kind, wide(in), tensor_of(type, {other, 0}), wide(out), Activation::relu6))
              for (const std::int32_t a : {-32768, -1, 0, 32767})
                for (const std::int32_t b : {type == DataType::i8 ? -128 : -32768, -1, 0, 127}) {
                  const std::int32_t made = std::visit([&](const auto& compute) { return compute(a, b); }, *element);
                  EXPECT_EQ(kInt16Range.clamp(made), made);
                }
      for (const UnaryKind kind : {UnaryKind::absolute, UnaryKind::exp, UnaryKind::leaky_relu, UnaryKind::log,
                                   UnaryKind::rsqrt, UnaryKind::tanh})
        for (const float alpha : {-1.0f, 1e30f, std::numeric_limits<float>::quiet_NaN()})
          if (const auto table = int16_unary_table({kind, alpha}, wide(in), wide(out))) (void)(*table)(-32768);
    }
}

}  // namespace
}  // namespace mobilenet
