// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Depthwise convolution of floats, or from halves to bf16, one or two output rows at a time. Rows come as pointers, so
// that the caller may keep them in the picture or in a ring.

#include <mobilenet/tensor.h>

#include <cstddef>

#include "simd/per_target.h"

namespace mobilenet::cpu {

// out[x][c] = clamp(bias[c] + sum over ky, kx of rows[ky][x * stride + kx * dilation - pad_left][c] *
// weight[ky][kx][c],
//                   low, high)
// Elements of rows and zeros are those of the kernel's input, elements of `out` those of its output.
struct DepthwiseProblem {
  // [blocks of DepthwiseKernels::lanes channels][bias, then kernel_height * kernel_width taps][lanes]
  const void* packed = nullptr;
  const void* zeros = nullptr;  // one pixel: the channels, rounded up to a whole vector
  int channels = 0;
  std::ptrdiff_t pixel_stride = 0;      // elements from pixel to pixel of a row
  std::ptrdiff_t out_pixel_stride = 0;  // of an output row
  std::ptrdiff_t out_row_stride = 0;    // from the first output row to the second
  int width = 0, output_width = 0;
  int kernel_height = 3, kernel_width = 3;
  int stride = 1, dilation = 1;  // along x
  int pad_left = 0;
  float low = 0, high = 0;
};

struct DepthwiseKernels {
  int lanes = 1;
  DataType packed = DataType::f32;  // f16: also what is summed
  // 3 x 3. `rows`: 3 pointers to the first pixel of an input row, or 3 + stride of them for two output rows; null: a
  // row outside the picture. Stride is 1 or 2, and 1 with dilation; two output rows need dilation 1. Reads, never uses,
  // up to 64 bytes past each pixel.
  void (*rows_3x3)(const DepthwiseProblem& problem, const void* const* rows, int output_rows, void* out) = nullptr;
  // Any kernel, one output row. `taps`: room for kernel_height * kernel_width pointers.
  void (*row_any)(const DepthwiseProblem& problem, const void* const* rows, const void** taps, void* out) = nullptr;
};

MOBILENET_PER_TARGET(DepthwiseKernels, kF32Depthwise)

}  // namespace mobilenet::cpu
