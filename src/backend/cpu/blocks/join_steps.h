// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which steps run as a chain of rows: those whose tensors between them are too large for the cache.

#include <span>
#include <vector>

#include "backend/cpu/blocks/row_chain.h"

namespace mobilenet::cpu {

struct PlannedStep {
  const Step* step = nullptr;
  CompiledStep code;
};

inline constexpr int kNoSeams = kMaxChain;

// The steps in their order, neighbours joined where that gains. At most `windows` stages of a chain read several rows
// of the stage before, since every seam between threads costs rows computed twice for each; kNoSeams: any number, for
// one thread.
std::vector<CompiledStep> join_steps(const Plan& plan, std::span<const PlannedStep> steps, int windows);

}  // namespace mobilenet::cpu
