// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The CPU backend: vectorised kernels for float32 and exact integers, the instruction set chosen when a network is
// compiled.

#include "backend/backend.h"

namespace mobilenet::cpu {

const Backend& cpu_backend();

}  // namespace mobilenet::cpu
