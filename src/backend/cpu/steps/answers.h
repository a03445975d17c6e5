// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Operators at the end of a network, whose output is no longer a map of numbers. They read floats or stored integers
// alike, so both arithmetics share them.

#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

Result<CompiledStep> compile_argmax(const StepSource& source);
Result<CompiledStep> compile_detection(const StepSource& source);

}  // namespace mobilenet::cpu
