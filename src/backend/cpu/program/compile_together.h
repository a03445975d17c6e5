// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Steps compile independently of each other, and nearly all of the time goes into packing their weights: several
// threads do several at once.

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "backend/cpu/program/step.h"
#include "base/error.h"
#include "base/work_together.h"

namespace mobilenet::cpu {

// compile(0), ..., compile(count - 1), in order; the first of their errors, or what the first of them threw.
template <class Compile>
Result<std::vector<CompiledStep>> compile_together(const Threads& threads, std::size_t count, const Compile& compile) {
  std::vector<std::optional<Result<CompiledStep>>> results(count);
  std::vector<std::exception_ptr> thrown(count);
  std::atomic<std::size_t> next{0};
  work_together(threads, [&](const Member& member) {
    // From the last on: that is where the largest filters are. A frame of somebody else's comes first.
    while (!member.leaves()) {
      const std::size_t taken = next++;
      if (taken >= count) return;
      const std::size_t i = count - 1 - taken;
      try {
        results[i] = compile(i);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
    }
  });
  std::vector<CompiledStep> steps;
  for (std::size_t i = 0; i < count; ++i) {
    if (thrown[i]) std::rethrow_exception(thrown[i]);
    MOBILENET_TRY(CompiledStep step, *std::move(results[i]));
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace mobilenet::cpu
