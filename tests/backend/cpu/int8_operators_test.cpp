// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Every integer row of the table of operator cases: the CPU backend equals the reference byte for byte, on every
// instruction set and for one to three threads.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "backend/cpu/every_isa.h"
#include "backend/cpu/program/cpu_backend.h"
#include "backend/operator_cases.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

class Int8Operators : public EveryIsa {};

TEST_P(Int8Operators, EqualTheReference) {
  int compared = 0;
  for (const OperatorCase& c : operator_cases()) {
    if (!is_integer(c.numbers)) continue;
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(c.name + ", seed " + std::to_string(seed));
      const OperatorModel model = make_model(c, seed);
      const auto expected = run_on(reference_backend(), model);
      ASSERT_TRUE(expected) << expected.error().message;
      const auto actual = run_on(cpu::cpu_backend(), model, static_cast<int>(seed));
      ASSERT_TRUE(actual) << actual.error().message;
      EXPECT_EQ(difference(*actual, *expected, 0), "");
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(Isas, Int8Operators, every_isa(), isa_test_name);

}  // namespace
}  // namespace mobilenet::testing
