// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Matrix products in bf16 with sums in float, and what they share.

#include <cstddef>

#include "backend/cpu/kernels/f32_gemm.h"

namespace mobilenet::cpu {

inline constexpr PanelLayout kBf16Panels{.columns = 32, .group = 2, .depth_multiple = 16};
inline constexpr PanelLayout kBf16x3Panels{.columns = 32, .group = 2, .depth_multiple = 16, .parts = 2};

// Of a row of bf16 in scratch: its depth filled up with zeros to a multiple of 32.
std::size_t bf16_row_bytes(int depth);
// As GemmKernels::scratch_bytes: rows of bf16, up to a multiple of 32 of them.
std::size_t bf16_scratch_bytes(int rows, int depth);
// Rows begin..end of the problem's, rounded to nearest even, to the front of its scratch. Needs AVX512_BF16.
void round_rows_to_bf16(const GemmProblem& problem, int begin, int end);

// With VDPBF16PS: AVX-512 with BF16.
MOBILENET_PER_TARGET(GemmKernels, kBf16Gemm)
// With TDPBF16PS, in tiles of AMX (bf16_amx.cpp).
extern const GemmKernels kBf16GemmAmx;
// With three of them for the product of numbers that are the sum of two bf16, and so keep 16 bits.
extern const GemmKernels kBf16x3GemmAmx;
// With BFMMLA of ARM's BF16 (bf16_neon.cpp).
extern const GemmKernels kBf16GemmNeon;

}  // namespace mobilenet::cpu
