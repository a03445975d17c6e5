// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The comparison of the cpu backend with `reference` on small float networks.

#include <initializer_list>

#include "backend/cpu/every_isa.h"
#include "backend/cpu/program/cpu_backend.h"
#include "backend/float_network.h"
#include "backend/reference/reference_backend.h"

namespace mobilenet::testing {

// The cpu backend, on `kernels` and with each number of threads, against `reference`.
inline void expect_like_reference(const Network& network, const Parameters& parameters, const CompileRequest& request,
                                  const cpu::KernelSet& kernels, std::initializer_list<int> threads, double tolerance,
                                  Precision precision = Precision::f32) {
  const ForcedIsa forced(kernels);
  Answers expected;
  run_network(reference_backend(), network, parameters, request, 1, expected);
  if (::testing::Test::HasFatalFailure()) return;
  for (const int count : threads) {
    Answers got;
    run_network(cpu::cpu_backend(), network, parameters, request, count, got, precision);
    if (::testing::Test::HasFatalFailure()) return;
    EXPECT_EQ(got.isa, kernels.isa);
    ASSERT_EQ(got.tensors.size(), expected.tensors.size());
    for (std::size_t i = 0; i < got.tensors.size(); ++i)
      EXPECT_LE(relative_difference(got.tensors[i], expected.tensors[i]), tolerance)
          << network.tensor(request.outputs[i]).name << ", " << count << " threads";
  }
}

}  // namespace mobilenet::testing
