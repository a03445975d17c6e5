// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What stands in a row of kernels (kernel_rows.h) that this build may not have compiled.

#include "simd/cpu_features.h"
#include "simd/targets.h"

// The pointer, or null where this build leaves out the target: another processor's, or, with -march=..., what that
// machine never needs.
#if HWY_TARGETS & HWY_AVX3
#define MOBILENET_AVX3(pointer) pointer
#else
#define MOBILENET_AVX3(pointer) nullptr
#endif
#if MOBILENET_COMPILES_AVX512_FP16
#define MOBILENET_AVX512_FP16(pointer) pointer
#else
#define MOBILENET_AVX512_FP16(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_AVX2
#define MOBILENET_AVX2(pointer) pointer
#else
#define MOBILENET_AVX2(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_SSE4
#define MOBILENET_SSE4(pointer) pointer
#else
#define MOBILENET_SSE4(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_SCALAR
#define MOBILENET_SCALAR(pointer) pointer
#else
#define MOBILENET_SCALAR(pointer) nullptr
#endif
#if HWY_TARGETS & HWY_NEON
#define MOBILENET_NEON(pointer) pointer
#else
#define MOBILENET_NEON(pointer) nullptr
#endif
#if MOBILENET_COMPILES_NEON_EXTENSIONS
#define MOBILENET_NEON_EXTENSION(pointer) pointer
#else
#define MOBILENET_NEON_EXTENSION(pointer) nullptr
#endif

// A row for each target that Highway compiles the table `name` for (per_target.h).
#define MOBILENET_ROW_PER_TARGET(name)                                            \
  {"avx512", MOBILENET_AVX3(&has_avx512), MOBILENET_AVX3(&N_AVX3::name)},         \
      {"avx2", MOBILENET_AVX2(&has_avx2), MOBILENET_AVX2(&N_AVX2::name)},         \
      {"sse4", MOBILENET_SSE4(&has_sse4), MOBILENET_SSE4(&N_SSE4::name)},         \
      {"sse2", MOBILENET_SCALAR(&has_sse2), MOBILENET_SCALAR(&N_SCALAR::name)}, { \
    "neon", MOBILENET_NEON(&has_neon), MOBILENET_NEON(&N_NEON::name)              \
  }
