// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The reference backend's integers are the real runtime's, bit for bit.
#include "backend/litert_golden.h"

#include <gtest/gtest.h>

#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {
namespace {

// Only dequantised floats are compared with a tolerance at all, and they are one product: equal.
constexpr double kExact = 0;

TEST(LiteRtGolden, ReferenceGivesTheSameBytes) {
  const std::vector<GoldenCase> cases = golden_cases();
  EXPECT_GT(cases.size(), 100u);
  for (const GoldenCase& c : cases) {
    const auto outputs = run_on(reference_backend(), c.model);
    ASSERT_TRUE(outputs) << c.name << ": " << outputs.error().message;
    EXPECT_EQ(difference(*outputs, c.expected, kExact), "") << c.name;
  }
}

}  // namespace
}  // namespace mobilenet::testing
