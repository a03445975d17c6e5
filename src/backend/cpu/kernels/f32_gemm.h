// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The matrix product of floats behind pointwise convolution, general convolution and dense layers, and the gathering of
// patches that turns the second into the first. Kernels of bf16 take and give the same floats: they round the rows and
// the weights, and keep the sums as they are.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels/streamed_bytes.h"
#include "backend/cpu/kernels/window.h"
#include "simd/per_target.h"

namespace mobilenet::cpu {

// out[m][n] = clamp(bias[n] + sum over k of a[m][k] * b[k][n] + residual[m][n], low, high)
struct GemmProblem {
  const float* a = nullptr;
  std::ptrdiff_t a_stride = 0;  // floats from row to row
  // A row is so many runs of depth / runs floats, run_stride apart: more than one is for kernels whose GemmKernels say
  // so.
  int runs = 1;
  std::ptrdiff_t run_stride = 0;
  bool a_is_bf16 = false;           // a holds rows of bf16 instead, bf16_row_bytes(depth) apart, with zeros at the end
  const float* b = nullptr;         // packed: [panels][packed_depth][panel_columns], see PanelLayout
  const float* bias = nullptr;      // [panels][panel_columns]
  const float* residual = nullptr;  // null, or rows like those of out
  void* out = nullptr;
  bool out_is_f16 = false;        // halves instead of floats, of kernels for AVX-512, AMX and NEON
  std::ptrdiff_t out_stride = 0;  // elements from row to row, of residual too
  int rows = 0, depth = 0, columns = 0;
  int packed_depth = 0;  // PanelLayout::packed_depth(depth)
  float low = 0, high = 0;
  std::byte* scratch = nullptr;  // GemmKernels::scratch_bytes at a multiple of 64; of this thread

  // Element `index` of rows like those of out.
  void* element(void* rows_of_out, std::ptrdiff_t index) const {
    const auto bytes = static_cast<std::ptrdiff_t>(out_is_f16 ? sizeof(std::uint16_t) : sizeof(float));
    return static_cast<std::byte*>(rows_of_out) + index * bytes;
  }
  void* out_at(std::ptrdiff_t index) const { return element(out, index); }
};

// How a kernel reads weights. What is past the last column or depth is zero.
struct PanelLayout {
  int columns = 1;         // of a panel
  int group = 1;           // consecutive depths of a column side by side: 1 float, or 2 or 4 bf16, the first in front
  int depth_multiple = 1;  // groups
  int parts = 1;           // 2: a panel holds its numbers rounded, and behind them what rounding left of each, rounded

  // Elements of four bytes that a column takes.
  int packed_depth(int depth) const {
    const int step = group * depth_multiple;
    return (depth + step - 1) / step * depth_multiple * ((group + 1) / 2) * parts;
  }
  // Of a weight in a packed matrix, in numbers: floats or bf16.
  std::ptrdiff_t place(int depth, int column, int of_packed_depth) const {
    const std::ptrdiff_t panel = std::ptrdiff_t{column / columns} * of_packed_depth * columns * (group == 1 ? 1 : 2);
    return panel + (depth / group * columns + column % columns) * group + depth % group;
  }
  bool operator==(const PanelLayout&) const = default;
};

struct GemmKernels {
  int tile_rows = 1;  // rows that one tile has at most
  // Weights up to this size stay near enough while rows stream past them; larger ones stream themselves, once for every
  // block of rows.
  std::size_t resident_bytes = 768 * 1024;
  std::size_t streamed_bytes = kStreamedBytes;
  PanelLayout layout;
  bool takes_runs = false;  // GemmProblem::runs may be more than one
  // What rows_first needs for tiles of `rows` rows, and panels_first for as many as it is asked for at once.
  std::size_t (*scratch_bytes)(int rows, int depth) = nullptr;  // null: nothing
  // The part of the product in rows row_begin..row_end and panels panel_begin..panel_end, in tiles of at most
  // `tile_rows` rows, row by row of tiles; reads, never uses, up to layout.columns floats past the last column of
  // residual.
  void (*rows_first)(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                     int panel_end) = nullptr;
  // The same, panel by panel: for a packed matrix that is larger than the cache.
  void (*panels_first)(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                       int panel_end) = nullptr;
};

struct PatchKernels {
  // Writes the patches [kernel_height][kernel_width][channels] of the output pixels begin..end (counted over the whole
  // batch), one after the other, zeros where they leave the picture. `channels`: of the group that begins at `input`.
  // Reads up to 64 bytes past the input and writes as many past the last patch.
  void (*gather)(const WindowGeometry& window, int channels, const float* input, int begin, int end,
                 float* patches) = nullptr;
};

MOBILENET_PER_TARGET(GemmKernels, kF32Gemm)
MOBILENET_PER_TARGET(PatchKernels, kF32Patches)

}  // namespace mobilenet::cpu
