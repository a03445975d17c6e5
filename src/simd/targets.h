// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Which Highway targets the kernels are compiled for. To be included, before any Highway header, by every kernel file
// and by what lists kernels (compiled_rows.h). No #pragma once: macros only.
//
// Highway's own dispatch needs its library; ours is a list of tables, so only headers are used. A kernel file reads:
//
//   #include "backend/cpu/kernels/x.h"             // struct XKernels, MOBILENET_PER_TARGET(XKernels, x)
//   #undef HWY_TARGET_INCLUDE
//   #define HWY_TARGET_INCLUDE "backend/cpu/kernels/x.cpp"   // this file, from src/
//   #include "simd/targets.h"
//   #include <hwy/foreach_target.h>                // includes this file again for every target but the last
//   #include <hwy/highway.h>
//   HWY_BEFORE_NAMESPACE();
//   namespace mobilenet::cpu::HWY_NAMESPACE {
//   namespace {
//   void add(...) { ... }                          // plain functions and templates; no lambdas, which would be
//   }                                              // compiled for the baseline instead of the target
//   const XKernels x{&add};
//   }
//   HWY_AFTER_NAMESPACE();
//
// avx512_vnni shares the AVX3 target: Highway 1.0's AVX3_DL asks for AVX-VNNI, which Ice Lake has not, and does not
// ask for AVX512_VNNI. A file that uses those instructions writes its own region
// (HWY_PUSH_ATTRIBUTES("...,avx512vnni")) and defines its tables once. So do those of ARM's extensions, beside the
// target NEON (HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")).

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLE_PCLMUL_AES  // else "sse4" would need instructions that no kernel uses
#define HWY_BROKEN_EMU128 1     // the floor is HWY_SCALAR with every compiler
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif
#include <hwy/detect_targets.h>
// Arithmetic in halves came to compilers later than the rest (clang 14 has it only where it is asked of all code).
#if (HWY_TARGETS & HWY_AVX3) != 0 && \
    ((defined(__clang__) && __clang_major__ >= 15) || (!defined(__clang__) && __GNUC__ >= 12))
#define MOBILENET_COMPILES_AVX512_FP16 1
#else
#define MOBILENET_COMPILES_AVX512_FP16 0
#endif
// So did the intrinsics of ARM's extensions, or rather, their use where not all code is compiled for them.
#if (HWY_TARGETS & HWY_NEON) != 0 && HWY_ARCH_ARM_A64 && \
    ((defined(__clang__) && __clang_major__ >= 16) || (!defined(__clang__) && __GNUC__ >= 10))
#define MOBILENET_COMPILES_NEON_EXTENSIONS 1
#else
#define MOBILENET_COMPILES_NEON_EXTENSIONS 0
#endif
#if HWY_ARCH_ARM_A64
// NEON is part of every such processor. With run-time dispatch Highway would compile for AES too, which some have not.
#undef HWY_HAVE_RUNTIME_DISPATCH
#define HWY_HAVE_RUNTIME_DISPATCH 0
#endif
