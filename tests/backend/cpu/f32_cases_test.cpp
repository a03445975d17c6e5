// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every float row of the table of operator cases, constants stored as f32, f16 or i8, on every instruction set.

#include <cmath>
#include <cstring>
#include <limits>

#include "backend/cpu/float_network.h"
#include "backend/operator_cases.h"

namespace mobilenet::testing {
namespace {

// As in f32_operators_test.cpp: sums in another order than the reference, which adds in double.
constexpr double kTolerance = 1e-5;

class F32Cases : public EveryIsa {};

TEST_P(F32Cases, LikeTheReference) {
  int compared = 0;
  for (const OperatorCase& c : operator_cases()) {
    if (is_integer(c.numbers)) continue;
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(c.name + ", seed " + std::to_string(seed));
      const OperatorModel model = make_model(c, seed);
      const auto expected = run_on(reference_backend(), model);
      ASSERT_TRUE(expected) << expected.error().message;
      const auto actual = run_on(cpu::cpu_backend(), model, static_cast<int>(seed));
      ASSERT_TRUE(actual) << actual.error().message;
      EXPECT_EQ(difference(*actual, *expected, kTolerance), "");
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

// "NaN", "inf", "-inf" or "number".
std::string kind_of_number(float x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return "number";
}

// A few elements of the first input, or of all, are no numbers: what comes of them is none in the same places, and the
// rest stays right.
TEST_P(F32Cases, WhatIsNoNumberStaysNone) {
  for (const OperatorCase& c : operator_cases()) {
    if (c.numbers != Numbers::f32) continue;
    for (const float special : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity()}) {
      SCOPED_TRACE(c.name + " of " + kind_of_number(special));
      OperatorModel model = make_model(c, 4);
      for (std::vector<std::byte>& input : model.inputs)
        for (const std::size_t place : {std::size_t{0}, input.size() / 8, input.size() / 4 - 1})
          std::memcpy(input.data() + place * sizeof special, &special, sizeof special);
      auto expected = run_on(reference_backend(), model);
      ASSERT_TRUE(expected) << expected.error().message;
      auto actual = run_on(cpu::cpu_backend(), model, 2);
      ASSERT_TRUE(actual) << actual.error().message;
      for (std::size_t i = 0; i < expected->size(); ++i) {
        if ((*expected)[i].type != DataType::f32) continue;
        std::vector<std::byte>&got = (*actual)[i].bytes, &right = (*expected)[i].bytes;
        for (std::size_t at = 0; at < right.size(); at += sizeof(float)) {
          float a, b;
          std::memcpy(&a, got.data() + at, sizeof a);
          std::memcpy(&b, right.data() + at, sizeof b);
          ASSERT_EQ(kind_of_number(a), kind_of_number(b)) << "element " << at / sizeof(float);
          if (std::isfinite(b)) continue;
          std::memset(got.data() + at, 0, sizeof a);
          std::memset(right.data() + at, 0, sizeof b);
        }
      }
      EXPECT_EQ(difference(*actual, *expected, kTolerance), "");
    }
  }
}

TEST_P(F32Cases, AMaximumWithANaNIsNone) {
  for (const OperatorCase& c : operator_cases()) {
    const auto* pool = std::get_if<PoolOp>(&c.op);
    if (pool == nullptr || pool->kind != PoolKind::max || c.numbers != Numbers::f32) continue;
    OperatorModel model = make_model(c, 1);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(model.inputs[0].data(), &nan, sizeof nan);
    for (const Backend* backend : {&reference_backend(), &cpu::cpu_backend()}) {
      const auto output = run_on(*backend, model).value();
      float first;
      std::memcpy(&first, output[0].bytes.data(), sizeof first);
      EXPECT_TRUE(std::isnan(first)) << c.name << " on " << (backend == &reference_backend() ? "reference" : "cpu");
    }
  }
}

// The product of a large beta and a number overflows, that of a distance does not: 0 0 1, as the runtime answers.
TEST_P(F32Cases, SoftmaxOfALargeBeta) {
  for (const float beta : {1e38f, -1e38f}) {
    OperatorModel model = make_model({"softmax", SoftmaxOp{beta}, {{1, 3}}}, 1);
    const float x[] = {4, 4, beta > 0 ? 5.0f : 3.0f};
    std::memcpy(model.inputs[0].data(), x, sizeof x);
    for (const Backend* backend : {&reference_backend(), &cpu::cpu_backend()}) {
      const auto output = run_on(*backend, model).value();
      float y[3];
      std::memcpy(y, output[0].bytes.data(), sizeof y);
      EXPECT_EQ(std::vector<float>(y, y + 3), (std::vector<float>{0, 0, 1}))
          << (backend == &reference_backend() ? "reference" : "cpu");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, F32Cases, every_isa(), isa_test_name);

}  // namespace
}  // namespace mobilenet::testing
