// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Loops over a row of resized samples that are floats. Every result is computed in the same float operations, none of
// them fused, so that all instruction sets agree.

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd/kernel_rows.h"
#include "simd/per_target.h"
#include "spec/preprocess_spec.h"

namespace mobilenet {

// Constants that repeat every three samples, for a whole number of vectors of every target.
constexpr std::size_t kColourPeriod = 48;

// real_number() of spec/input_encoding.h, for pixels of three channels.
struct RealNumbersOfPixels {
  bool divide_by_255 = false;
  float rescale = 1;
  float mean[kColourPeriod] = {};
  float deviation[kColourPeriod] = {};
  // All deviations are powers of two, so that to multiply by these gives the same bits as to divide.
  bool has_inverses = false;
  float inverse[kColourPeriod] = {};
};

RealNumbersOfPixels real_numbers_of_pixels(const PreprocessSpec& spec);

struct FloatKernels {
  // out[i] = begin[i] + (end[i] - begin[i]) * fractions[i]
  void (*stretch)(const std::uint8_t* begin, const std::uint8_t* end, const float* fractions, std::size_t count,
                  float* out);
  // out[i] = above[i] + (below[i] - above[i]) * fraction
  void (*blend)(const float* above, const float* below, float fraction, std::size_t count, float* out);
  // To the nearest byte, ties to even; what is no number becomes 0.
  void (*nearest_bytes)(const float* values, std::size_t count, std::uint8_t* bytes);
  void (*real_numbers)(const float* values, const RealNumbersOfPixels& numbers, std::size_t count, float* out);
  // The same of whole numbers from 0 to 255, to the bit.
  void (*real_numbers_of_bytes)(const std::uint8_t* bytes, const RealNumbersOfPixels& numbers, std::size_t count,
                                float* out);
};

MOBILENET_PER_TARGET(FloatKernels, kFloatRows)

// The rows that this machine runs, best first.
std::span<const KernelRow<FloatKernels>> runnable_float_kernels();

}  // namespace mobilenet
