// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Operators that only move elements, of any type: transpositions, slices, repetitions, padding, nearest neighbours.
// Both arithmetics share them.

#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

Result<CompiledStep> compile_transpose(const StepSource& source);
Result<CompiledStep> compile_slice(const StepSource& source);
Result<CompiledStep> compile_tile(const StepSource& source);
Result<CompiledStep> compile_resize_nearest(const StepSource& source);
Result<CompiledStep> compile_pad(const StepSource& source);

}  // namespace mobilenet::cpu
