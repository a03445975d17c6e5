// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which instructions this machine runs, asked in the groups that kernels are compiled for. Those of another processor
// are declared, never defined: only the rows of a build's own processor ask (compiled_rows.h).

namespace mobilenet {

// x86-64: the processor has them and the operating system saves their registers.
bool has_sse2();
bool has_sse4();
bool has_avx2();         // with FMA, F16C, BMI and LZCNT
bool has_avx_vnni();     // and AVX-VNNI: Intel since Alder Lake, AMD since Zen 5
bool has_avx512();       // F, BW, CD, DQ and VL
bool has_avx512_vnni();  // and VBMI, VBMI2 and VNNI: Ice Lake, Zen 4 and later
bool has_avx512_bf16();  // and BF16 that gains: Zen 4 and later; Intel's have a quarter of the rate (V2 11.4 ms,
                         // f32 4.7)
bool has_avx512_fp16();  // and BF16 and FP16: Sapphire Rapids and later
bool has_amx();          // and AMX's tiles of int8 and bf16, which the operating system lets this process use

// 64-bit ARM
bool has_neon();
bool has_neon_dot();   // DotProd: Cortex-A55 and A75, Apple A11 and later
bool has_neon_fp16();  // arithmetic in halves: the same, and some before them
bool has_neon_i8mm();  // I8MM: Cortex-A510 and X2, Neoverse V1, Apple M2 and later
bool has_neon_bf16();  // BF16: the same

}  // namespace mobilenet
