// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every float row of the table of operator cases, constants stored as f32, f16 or i8, on every instruction set.

#include "backend/cpu/float_network.h"
#include "backend/operator_cases.h"

namespace mobilenet::testing {
namespace {

// As in f32_operators_test.cpp: sums in another order than the reference, which adds in double.
constexpr double kTolerance = 1e-5;

class F32Cases : public ::testing::TestWithParam<cpu::Isa> {};

TEST_P(F32Cases, LikeTheReference) {
  const ForcedIsa forced(GetParam());
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

INSTANTIATE_TEST_SUITE_P(Isa, F32Cases, ::testing::ValuesIn(cpu::runnable_isas().begin(), cpu::runnable_isas().end()),
                         isa_test_name);

}  // namespace
}  // namespace mobilenet::testing
