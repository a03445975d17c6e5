// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Which Highway targets the kernels are compiled for, and how a kernel file hands out one table per target. To be
// included, before any Highway header, by every kernel file and by isa.cpp. No #pragma once: macros only.
//
// Highway's own dispatch needs its library; ours is a switch over Isa, so only headers are used. A kernel file reads:
//
//   #include "backend/cpu/kernels_x.h"            // struct XKernels (function pointers), x_kernels(Isa)
//   #undef HWY_TARGET_INCLUDE
//   #define HWY_TARGET_INCLUDE "backend/cpu/kernels_x.cpp"   // this file, from src/
//   #include "backend/cpu/kernels/targets.h"
//   #include <hwy/foreach_target.h>                // includes this file again for every target but the last
//   #include <hwy/highway.h>
//   HWY_BEFORE_NAMESPACE();
//   namespace mobilenet::cpu::HWY_NAMESPACE {
//   namespace {
//   void add(...) { ... }                          // plain functions and templates; no lambdas, which would be
//   }                                              // compiled for the baseline instead of the target
//   const XKernels& x_table() { static constexpr XKernels table{&add}; return table; }
//   }
//   HWY_AFTER_NAMESPACE();
//   #if HWY_ONCE
//   namespace mobilenet::cpu {
//   const XKernels& x_kernels(Isa isa) { MOBILENET_RETURN_FOR_ISA(isa, x_table()); }
//   }
//   #endif
//
// avx512_vnni shares the AVX3 target: Highway 1.0's AVX3_DL asks for AVX-VNNI, which Ice Lake has not, and does not
// ask for AVX512_VNNI. A file that uses those instructions writes its own region
// (#pragma GCC push_options, #pragma GCC target("...,avx512vnni")) and its own switch.

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLE_PCLMUL_AES  // else Isa::sse4 would need instructions that no kernel uses
#define HWY_BROKEN_EMU128 1     // the floor is HWY_SCALAR with every compiler
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif
#include <hwy/detect_targets.h>
#if HWY_ARCH_ARM_A64
// NEON is part of every such processor. With run-time dispatch Highway would compile for AES too, which some have not.
#undef HWY_HAVE_RUNTIME_DISPATCH
#define HWY_HAVE_RUNTIME_DISPATCH 0
#endif

#ifndef MOBILENET_RETURN_FOR_ISA

#if HWY_TARGETS & HWY_SCALAR
#define MOBILENET_CASE_SCALAR(call) \
  case ::mobilenet::cpu::Isa::sse2: \
    return N_SCALAR::call;
#else
#define MOBILENET_CASE_SCALAR(call)
#endif
#if HWY_TARGETS & HWY_SSE4
#define MOBILENET_CASE_SSE4(call)   \
  case ::mobilenet::cpu::Isa::sse4: \
    return N_SSE4::call;
#else
#define MOBILENET_CASE_SSE4(call)
#endif
#if HWY_TARGETS & HWY_AVX2
#define MOBILENET_CASE_AVX2(call)   \
  case ::mobilenet::cpu::Isa::avx2: \
    return N_AVX2::call;
#else
#define MOBILENET_CASE_AVX2(call)
#endif
#if HWY_TARGETS & HWY_AVX3
#define MOBILENET_CASE_AVX3(call)          \
  case ::mobilenet::cpu::Isa::avx512:      \
  case ::mobilenet::cpu::Isa::avx512_vnni: \
    return N_AVX3::call;
#else
#define MOBILENET_CASE_AVX3(call)
#endif
#if HWY_TARGETS & HWY_NEON
#define MOBILENET_CASE_NEON(call)   \
  case ::mobilenet::cpu::Isa::neon: \
    return N_NEON::call;
#else
#define MOBILENET_CASE_NEON(call)
#endif

// Returns N_<target>::call for `isa`, which must be one of runnable_isas().
#define MOBILENET_RETURN_FOR_ISA(isa, call) \
  switch (isa) {                            \
    MOBILENET_CASE_SCALAR(call)             \
    MOBILENET_CASE_SSE4(call)               \
    MOBILENET_CASE_AVX2(call)               \
    MOBILENET_CASE_AVX3(call)               \
    MOBILENET_CASE_NEON(call)               \
    default:                                \
      break;                                \
  }                                         \
  return HWY_NAMESPACE::call

#endif  // MOBILENET_RETURN_FOR_ISA
