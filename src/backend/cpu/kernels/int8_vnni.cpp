// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The products of quads (int8_quads-inl.h) with AVX512_VNNI.

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "simd/targets.h"

#if (HWY_TARGETS & HWY_AVX3) != 0
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <hwy/base.h>
#include <immintrin.h>

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#include "backend/cpu/kernels/int8_avx512-inl.h"
#include "backend/cpu/kernels/int8_quads-inl.h"

namespace mobilenet::cpu {

const Int8MatmulKernels kInt8MatmulVnni = kMatmul;
const Int8DepthwiseKernels kInt8Depthwise3x3Vnni = kDepthwise3x3;

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
