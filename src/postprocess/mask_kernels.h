// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The loops of a mask. Every result is computed in the same float operations, none of them fused, so that all
// instruction sets agree.

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd/kernel_rows.h"
#include "simd/per_target.h"

namespace mobilenet {

// What a kernel may read past the end of fractions.
constexpr std::size_t kFractionPadding = 32;

// Neighbouring pixels of a row of the mask that lie between the same two cells.
struct MaskRun {
  const float *left, *right;  // scores of the cells, channel after channel
  std::size_t channels;
  const float* fractions;  // of the way from left to right, for every pixel
  std::size_t pixels;
};

struct MaskKernels {
  // The largest absolute value of those that are numbers; 0 of none.
  float (*largest)(const float* values, std::size_t count);
  // out[i] = above[i] + (below[i] - above[i]) * fraction
  void (*interpolate)(const float* above, const float* below, float fraction, std::size_t count, float* out);
  // mask[i] = the first channel with the largest score, score = left + (right - left) * fraction. Where `whole`, scores
  // are rounded first, to floor(score + 0.5).
  void (*classes)(const MaskRun& run, bool whole, std::uint8_t* mask);
};

MOBILENET_PER_TARGET(MaskKernels, kMask)

// The rows that this machine runs, best first.
std::span<const KernelRow<MaskKernels>> runnable_mask_kernels();

}  // namespace mobilenet
