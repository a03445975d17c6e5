// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The products of quads (int8_quads-inl.h) with AVX-VNNI, for processors that have no AVX-512.

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "simd/targets.h"

#if (HWY_TARGETS & HWY_AVX2) != 0
#include <hwy/base.h>
#include <immintrin.h>

HWY_PUSH_ATTRIBUTES("avx2,avxvnni")
#define MOBILENET_VPDPBUSD "%{vex%} vpdpbusd"
#include "backend/cpu/kernels/int8_avx2-inl.h"
#include "backend/cpu/kernels/int8_quads-inl.h"

namespace mobilenet::cpu {

const Int8MatmulKernels kInt8MatmulAvxVnni = kMatmul;
const Int8DepthwiseKernels kInt8Depthwise3x3AvxVnni = kDepthwise3x3;

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX2
