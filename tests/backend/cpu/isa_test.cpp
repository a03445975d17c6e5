// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "backend/cpu/float_network.h"

namespace mobilenet::cpu {
namespace {

TEST(Isa, BestFirstAndForced) {
  ASSERT_FALSE(runnable_isas().empty());
  unsetenv("MOBILENET_CPU_ISA");
  EXPECT_EQ(*pick_isa(), runnable_isas().front());
  for (const Isa isa : runnable_isas()) {
    const testing::ForcedIsa forced(isa);
    const auto picked = pick_isa();
    ASSERT_TRUE(picked);
    EXPECT_EQ(*picked, isa);
  }
}

TEST(Isa, UnknownNameIsAnErrorThatListsTheChoices) {
  setenv("MOBILENET_CPU_ISA", "mmx", 1);
  const auto picked = pick_isa();
  unsetenv("MOBILENET_CPU_ISA");
  ASSERT_FALSE(picked);
  EXPECT_EQ(picked.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(picked.error().message.find(name_of(runnable_isas().front())), std::string::npos);
}

TEST(Isa, AnotherMachinesSetIsAnError) {
#if defined(__x86_64__)
  setenv("MOBILENET_CPU_ISA", "neon", 1);
#else
  setenv("MOBILENET_CPU_ISA", "avx2", 1);
#endif
  const auto picked = pick_isa();
  unsetenv("MOBILENET_CPU_ISA");
  ASSERT_FALSE(picked);
  EXPECT_EQ(picked.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace mobilenet::cpu
