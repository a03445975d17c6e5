// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// CastOp between any two types of numbers.

#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

Result<CompiledStep> compile_cast(const StepSource& source);

}  // namespace mobilenet::cpu
