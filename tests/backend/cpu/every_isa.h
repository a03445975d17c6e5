// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Tests that run once for every instruction set that this machine runs.

#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>
#include <string>

#include "backend/cpu/kernels/kernel_set.h"

namespace mobilenet::cpu {

inline void PrintTo(const KernelSet& kernels, std::ostream* out) { *out << kernels.isa; }

}  // namespace mobilenet::cpu

namespace mobilenet::testing {

// Forces an instruction set for as long as it lives.
class ForcedIsa {
 public:
  explicit ForcedIsa(const cpu::KernelSet& kernels) {
    setenv("MOBILENET_CPU_ISA", std::string(kernels.isa).c_str(), 1);
  }
  ~ForcedIsa() { unsetenv("MOBILENET_CPU_ISA"); }
  ForcedIsa(const ForcedIsa&) = delete;
  ForcedIsa& operator=(const ForcedIsa&) = delete;
};

// Forces its parameter.
class EveryIsa : public ::testing::TestWithParam<cpu::KernelSet> {
 private:
  ForcedIsa forced_{GetParam()};
};

inline auto every_isa() { return ::testing::ValuesIn(cpu::runnable_kernels().begin(), cpu::runnable_kernels().end()); }

// Names of the parameterised tests: "avx2", ...
inline std::string isa_test_name(const ::testing::TestParamInfo<cpu::KernelSet>& info) {
  return std::string(info.param.isa);
}

}  // namespace mobilenet::testing
