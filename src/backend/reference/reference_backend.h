// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The truth for every test: each operator of the untouched Network by itself, in plain loops. Float networks accumulate
// in double and round once per operator; integer networks use the exact arithmetic of network/quantized_arithmetic.h.
// Never folded, never fused, never optimised; one thread.

#include "backend/backend.h"

namespace mobilenet {

// Lives forever.
const Backend& reference_backend();

}  // namespace mobilenet
