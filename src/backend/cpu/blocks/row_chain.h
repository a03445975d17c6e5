// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A block of several steps, run as stages that stream their rows through each other.

#include <vector>

#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

inline constexpr int kMaxStages = 16;

// `steps`: those of `block`, compiled, 2 to kMaxStages of them. Members of a team take parts of the last stage's rows
// and compute the rows at the seams of the earlier ones twice.
CompiledStep row_chain(const StepSource& source, const Block& block, std::vector<CompiledStep> steps);

}  // namespace mobilenet::cpu
