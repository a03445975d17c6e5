// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/int8_quads_of_256.h"

// The text of int8_avx_vnni.cpp with the instruction that AVX512_VNNI has, which differs in nothing but its encoding.

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "simd/targets.h"

#if (HWY_TARGETS & HWY_AVX3) != 0
#include <hwy/base.h>
#include <immintrin.h>

HWY_PUSH_ATTRIBUTES("avx2,avx512f,avx512vl,avx512vnni")
#define MOBILENET_VPDPBUSD "vpdpbusd"
#include "backend/cpu/kernels/int8_avx2-inl.h"
#include "backend/cpu/kernels/int8_quads-inl.h"

namespace mobilenet::cpu {

const Int8MatmulKernels* const kInt8MatmulOf256 = &kMatmul;
const Int8DepthwiseKernels* const kInt8Depthwise3x3Of256 = &kDepthwise3x3;

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#else

namespace mobilenet::cpu {

const Int8MatmulKernels* const kInt8MatmulOf256 = nullptr;
const Int8DepthwiseKernels* const kInt8Depthwise3x3Of256 = nullptr;

}  // namespace mobilenet::cpu

#endif
