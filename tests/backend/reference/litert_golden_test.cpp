// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The integers of every backend are the real runtime's, bit for bit.
#include "backend/litert_golden.h"

#include <gtest/gtest.h>

#include "backend/cpu/program/cpu_backend.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

// Only dequantised floats are compared with a tolerance at all, and they are one product: equal.
constexpr double kExact = 0;

void expect_same_bytes(const Backend& backend) {
  const std::vector<GoldenCase> cases = golden_cases();
  EXPECT_GT(cases.size(), 100u);
  for (const GoldenCase& c : cases) {
    const auto outputs = run_on(backend, c.model);
    ASSERT_TRUE(outputs) << c.name << ": " << outputs.error().message;
    EXPECT_EQ(difference(*outputs, c.expected, kExact), "") << c.name;
  }
}

TEST(LiteRtGolden, ReferenceGivesTheSameBytes) { expect_same_bytes(reference_backend()); }
TEST(LiteRtGolden, CpuGivesTheSameBytes) { expect_same_bytes(cpu::cpu_backend()); }

}  // namespace
}  // namespace mobilenet::testing
