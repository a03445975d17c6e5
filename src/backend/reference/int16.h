// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Operators whose activations are integers of 16 bits. Those that only move elements are the same for all types.

#include "backend/reference/operators.h"

namespace mobilenet::reference {

// Whether a node that is no mere movement reads or writes such activations.
bool computes_int16(const NodeView& view);
// Fails for operators that have no form in 16 bits.
Result<Operator> prepare_int16(const NodeView& view);

}  // namespace mobilenet::reference
