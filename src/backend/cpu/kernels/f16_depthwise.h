// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What lies between the matrix products of a block in bf16: halves in, which keep eight times as much of a number as
// bf16 does, and bf16 out, as the next product reads it. They fill the channels of a pixel up with zeros to a multiple
// of kBf16Channels, and have no row_any.

#include "backend/cpu/kernels/f32_depthwise.h"

namespace mobilenet::cpu {

inline constexpr int kBf16Channels = 32;
inline int whole_bf16_channels(int channels) { return (channels + kBf16Channels - 1) / kBf16Channels * kBf16Channels; }

// Sums of floats. Needs AVX512_BF16.
extern const DepthwiseKernels kF16Depthwise;
// Sums of halves, twice as many an instruction: AVX512_FP16 and AVX512_BF16.
extern const DepthwiseKernels kF16DepthwiseFp16;

// The same on ARM: with BF16, and with FP16 and BF16, which whoever has products of bf16 has.
extern const DepthwiseKernels kF16DepthwiseNeon;
extern const DepthwiseKernels kF16DepthwiseNeonFp16;

}  // namespace mobilenet::cpu
