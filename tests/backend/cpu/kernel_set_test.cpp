// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/kernel_set.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "backend/cpu/every_isa.h"

namespace mobilenet::cpu {
namespace {

TEST(KernelSet, BestFirstAndForced) {
  ASSERT_FALSE(runnable_kernels().empty());
  unsetenv("MOBILENET_CPU_ISA");
  EXPECT_EQ(*pick_kernels(), &runnable_kernels().front());
  for (const KernelSet& kernels : runnable_kernels()) {
    const testing::ForcedIsa forced(kernels);
    const auto picked = pick_kernels();
    ASSERT_TRUE(picked);
    EXPECT_EQ(*picked, &kernels);
  }
}

TEST(KernelSet, EveryRunnableRowIsFilled) {
  for (const KernelSet& kernels : runnable_kernels()) {
    SCOPED_TRACE(kernels.isa);
    EXPECT_TRUE(kernels.f32_gemm && kernels.f32_patches && kernels.f32_depthwise && kernels.f32_elementwise);
    EXPECT_TRUE(kernels.int8_matmul && kernels.int8_depthwise && kernels.int8_elementwise);
    EXPECT_TRUE(kernels.int8_resize && kernels.arg_max);
  }
}

TEST(KernelSet, EmptyColumnsComeFromTheNextRow) {
  const Int8MatmulKernels own{}, other{};
  const Int8DepthwiseKernels depthwise{};
  KernelSet row{.isa = "better", .int8_matmul = &own};
  fill_columns(row, {.isa = "next", .int8_matmul = &other, .int8_depthwise = &depthwise});
  EXPECT_EQ(row.isa, "better");
  EXPECT_EQ(row.int8_matmul, &own);
  EXPECT_EQ(row.int8_depthwise, &depthwise);
  EXPECT_EQ(row.f32_gemm, nullptr);
}

TEST(KernelSet, UnknownNameIsAnErrorThatListsTheChoices) {
  setenv("MOBILENET_CPU_ISA", "mmx", 1);
  const auto picked = pick_kernels();
  unsetenv("MOBILENET_CPU_ISA");
  ASSERT_FALSE(picked);
  EXPECT_EQ(picked.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(picked.error().message.find(runnable_kernels().front().isa), std::string::npos);
}

TEST(KernelSet, AnotherMachinesSetIsAnError) {
#if defined(__x86_64__)
  setenv("MOBILENET_CPU_ISA", "neon", 1);
#else
  setenv("MOBILENET_CPU_ISA", "avx2", 1);
#endif
  const auto picked = pick_kernels();
  unsetenv("MOBILENET_CPU_ISA");
  ASSERT_FALSE(picked);
  EXPECT_EQ(picked.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace mobilenet::cpu
