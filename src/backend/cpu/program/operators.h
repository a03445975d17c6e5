// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which operators the CPU runs, in which arithmetic, and what compiles their steps. Whether a network can run and how
// it is compiled are asked of the same tables.

#include "backend/cpu/program/step.h"
#include "network/operator_table.h"

namespace mobilenet::cpu {

// How the numbers of a step are computed. A new one is a value, a table, and a line where it is chosen.
enum class Arithmetic { f32, int8, int16 };

// Of the tensors that the step reads and writes: 16 bits on either side ask for int16, else integers on either side for
// int8; among floats `precision` decides, of which none has another arithmetic than f32 yet.
Arithmetic arithmetic_of(const Network& network, const Step& step, Precision precision);

// Compiles a step whose first node is of the row's type. Neither the step nor its errors are named yet.
using CompileStep = Result<CompiledStep> (*)(const StepSource& source);
extern const OperatorTable<CompileStep> kF32Operators;    // steps/f32/steps.cpp
extern const OperatorTable<CompileStep> kInt8Operators;   // steps/int8/steps.cpp
extern const OperatorTable<CompileStep> kInt16Operators;  // steps/int16/steps.cpp

// An error names the node.
Result<CompiledStep> compile_step(const StepSource& source);

// The step of one node by itself.
Step step_of_node(const Network& network, int node);

// Fails, with the node's name, where an operator has no row for the types of its tensors.
Result<void> check_operators(const Network& network);

}  // namespace mobilenet::cpu
