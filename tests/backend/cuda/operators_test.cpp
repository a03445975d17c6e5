// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every float row of the table of operator cases on the GPU, in floats and in halves.

#include <cmath>
#include <cstring>
#include <limits>

#include "backend/cuda/gpu.h"
#include "backend/operator_cases.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

constexpr double kTolerance = 1e-5;  // sums in another order than the reference, which adds in double
// A half has 11 bits: inputs, weights and results are rounded to 2^-12 of themselves, some of these cases to more.
constexpr double kHalfTolerance = 5e-3;

bool runs_on_gpu(const OperatorCase& c) { return !is_integer(c.numbers); }

class CudaOperators : public OnGpu {
 protected:
  void compare(Precision precision, double tolerance) {
    int compared = 0;
    for (const OperatorCase& c : operator_cases()) {
      if (!runs_on_gpu(c)) continue;
      for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(c.name + ", seed " + std::to_string(seed));
        const OperatorModel model = make_model(c, seed);
        const auto expected = run_on(reference_backend(), model);
        ASSERT_TRUE(expected) << expected.error().message;
        const auto actual = run_on(gpu(), model, 1, precision);
        EXPECT_TRUE(actual) << actual.error().message;
        if (actual) {
          EXPECT_EQ(difference(*actual, *expected, tolerance), "");
        }
        ++compared;
      }
    }
    EXPECT_GT(compared, 0);
  }
};

TEST_F(CudaOperators, InFloatsLikeTheReference) { compare(Precision::f32, kTolerance); }
TEST_F(CudaOperators, InHalvesLikeTheReference) { compare(Precision::f16, kHalfTolerance); }

std::string kind_of_number(float x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return "number";
}

TEST_F(CudaOperators, WhatIsNoNumberStaysNone) {
  for (const OperatorCase& c : operator_cases()) {
    if (!runs_on_gpu(c) || c.numbers != Numbers::f32) continue;
    for (const float special : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      SCOPED_TRACE(c.name + " of " + kind_of_number(special));
      OperatorModel model = make_model(c, 4);
      for (std::vector<std::byte>& input : model.inputs)
        for (const std::size_t place : {std::size_t{0}, input.size() / 8, input.size() / 4 - 1})
          std::memcpy(input.data() + place * sizeof special, &special, sizeof special);
      const auto expected = run_on(reference_backend(), model);
      ASSERT_TRUE(expected) << expected.error().message;
      const auto actual = run_on(gpu(), model);
      ASSERT_TRUE(actual) << actual.error().message;
      for (std::size_t i = 0; i < expected->size(); ++i) {
        if ((*expected)[i].type != DataType::f32) continue;
        for (std::size_t at = 0; at < (*expected)[i].bytes.size(); at += sizeof(float)) {
          float a, b;
          std::memcpy(&a, (*actual)[i].bytes.data() + at, sizeof a);
          std::memcpy(&b, (*expected)[i].bytes.data() + at, sizeof b);
          if (kind_of_number(a) == kind_of_number(b)) continue;
          ADD_FAILURE() << "element " << at / sizeof(float) << " is " << a << ", expected " << b;
          break;
        }
      }
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
