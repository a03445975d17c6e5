// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Steps that stream their rows through each other as one step.

#include <span>

#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

inline constexpr int kMaxChain = 16;

// `stages`: 2 to kMaxChain steps with `rows`, each reading what the one before it writes and nobody else reads. Several
// threads take parts of the last stage's rows and compute the rows at the seams of the earlier ones twice.
CompiledStep chain_of(std::span<const CompiledStep> stages);

}  // namespace mobilenet::cpu
