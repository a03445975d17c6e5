// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The kernels of AVX-VNNI for processors that have AVX512_VNNI, where few have both. Null on other architectures.

#include "backend/cpu/kernels/int8.h"

namespace mobilenet::cpu {

extern const Int8MatmulKernels* const kInt8MatmulOf256;
extern const Int8DepthwiseKernels* const kInt8Depthwise3x3Of256;

}  // namespace mobilenet::cpu
