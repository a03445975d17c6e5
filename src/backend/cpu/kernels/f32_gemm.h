// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The float32 matrix product behind pointwise convolution, general convolution and dense layers, and the gathering of
// patches that turns the second into the first.

#include <cstddef>

#include "backend/cpu/kernels/window.h"
#include "simd/per_target.h"

namespace mobilenet::cpu {

// out[m][n] = clamp(bias[n] + sum over k of a[m][k] * b[k][n] + residual[m][n], low, high)
struct GemmProblem {
  const float* a = nullptr;
  std::ptrdiff_t a_stride = 0;      // floats from row to row
  const float* b = nullptr;         // packed: [panels][depth][panel_columns], the columns past the last are zero
  const float* bias = nullptr;      // [panels][panel_columns]
  const float* residual = nullptr;  // null, or rows like those of out
  float* out = nullptr;
  std::ptrdiff_t out_stride = 0;  // floats from row to row, of residual too
  int rows = 0, depth = 0, columns = 0;
  float low = 0, high = 0;
};

struct GemmKernels {
  int tile_rows;      // rows that one tile has at most
  int panel_columns;  // of a packed panel
  // The part of the product in rows row_begin..row_end and panels panel_begin..panel_end, in tiles of at most
  // `tile_rows` rows, row by row of tiles; reads, never uses, up to panel_columns floats past the last column of
  // residual.
  void (*rows_first)(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                     int panel_end);
  // The same, panel by panel: for a packed matrix that is larger than the cache.
  void (*panels_first)(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                       int panel_end);
  // Writes the patches [kernel_height][kernel_width][channels] of the output pixels begin..end (counted over the whole
  // batch), one after the other, zeros where they leave the picture. `channels`: of the group that begins at `input`.
  // Reads up to 64 bytes past the input and writes as many past the last patch.
  void (*gather)(const WindowGeometry& window, int channels, const float* input, int begin, int end, float* patches);
};

MOBILENET_PER_TARGET(GemmKernels, kF32Gemm)

}  // namespace mobilenet::cpu
