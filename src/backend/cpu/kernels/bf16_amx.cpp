// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/bf16_gemm.h"

// The matrix product in AMX's tiles: 16 rows of 32 bf16 times 32 rows of 16 columns into 16 x 16 floats.

#include <algorithm>

#include "simd/targets.h"

#if (HWY_TARGETS & HWY_AVX3) != 0
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <hwy/base.h>
#include <immintrin.h>

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-bf16")
#define MOBILENET_TILE_PRODUCT _tile_dpbf16ps
#include "backend/cpu/kernels/amx_tiles-inl.h"

namespace mobilenet::cpu {
namespace {

// A minimum or maximum of a NaN and a bound is the NaN, when it is the second operand.
HWY_INLINE __m512 clamped(__m512 x, __m512 low, __m512 high) { return _mm512_min_ps(high, _mm512_max_ps(low, x)); }

template <int kColumnTiles>
HWY_INLINE void store_sums(const GemmProblem& problem, const TileSums<float>& sums, int row, int rows, int column) {
  const __m512 low = _mm512_set1_ps(problem.low), high = _mm512_set1_ps(problem.high);
  const int last = std::min(kTwoTiles, problem.columns - column) - (kColumnTiles - 1) * kTile;
  const auto mask = static_cast<__mmask16>(0xffffu >> (kTile - last));
  const std::ptrdiff_t at = row * problem.out_stride + column;
  float* out = problem.out + at;
  const float* residual = problem.residual == nullptr ? nullptr : problem.residual + at;
  for (int r = 0; r < rows; ++r, out += problem.out_stride) {
    __m512 left = _mm512_load_ps(&sums.values[r][0]), right = _mm512_load_ps(&sums.values[r][kTile]);
    if (residual != nullptr) {
      left = _mm512_add_ps(left, _mm512_maskz_loadu_ps(kColumnTiles == 2 ? 0xffff : mask, residual));
      if (kColumnTiles == 2) right = _mm512_add_ps(right, _mm512_maskz_loadu_ps(mask, residual + kTile));
      residual += problem.out_stride;
    }
    if constexpr (kColumnTiles == 2) {
      _mm512_storeu_ps(out, clamped(left, low, high));
      _mm512_mask_storeu_ps(out + kTile, mask, clamped(right, low, high));
    } else {
      _mm512_mask_storeu_ps(out, mask, clamped(left, low, high));
    }
  }
}

template <int kRowTiles, int kColumnTiles>
HWY_NOINLINE void tile(const GemmProblem& problem, const std::byte* rounded, int row, int rows, int panel) {
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kTwoTiles) * problem.packed_depth;
  TileSums<float> sums;
  multiply_tiles<kRowTiles, kColumnTiles>(rounded, static_cast<std::ptrdiff_t>(bf16_row_bytes(problem.depth)),
                                          problem.b + panel * panel_floats, problem.bias + panel * kTwoTiles,
                                          problem.packed_depth / kTile, sums);
  store_sums<kColumnTiles>(problem, sums, row, rows, panel * kTwoTiles);
}

// `rounded`: the tile's rows.
void one_tile(const GemmProblem& problem, const std::byte* rounded, int row, int rows, int panel) {
  const bool tall = rows > kTile, wide = problem.columns - panel * kTwoTiles > kTile;
  const auto run = tall ? (wide ? &tile<2, 2> : &tile<2, 1>) : (wide ? &tile<1, 2> : &tile<1, 1>);
  run(problem, rounded, row, rows, panel);
}

void amx_rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                    int panel_end) {
  _tile_loadconfig(&kWholeTiles);
  for (int row = row_begin; row < row_end; row += tile_rows) {
    const int rows = std::min(tile_rows, row_end - row);
    round_rows_to_bf16(problem, row, row + rows);
    for (int panel = panel_begin; panel < panel_end; ++panel) one_tile(problem, problem.scratch, row, rows, panel);
  }
  _tile_release();
}

void amx_panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                      int panel_end) {
  _tile_loadconfig(&kWholeTiles);
  round_rows_to_bf16(problem, row_begin, row_end);
  const std::size_t row_bytes = bf16_row_bytes(problem.depth);
  for (int panel = panel_begin; panel < panel_end; ++panel)
    for (int row = row_begin; row < row_end; row += tile_rows)
      one_tile(problem, problem.scratch + static_cast<std::size_t>(row - row_begin) * row_bytes, row,
               std::min(tile_rows, row_end - row), panel);
  _tile_release();
}

}  // namespace

const GemmKernels kBf16GemmAmx{.tile_rows = kTwoTiles,
                               .layout = kBf16Panels,
                               .scratch_bytes = &bf16_scratch_bytes,
                               .rows_first = &amx_rows_first,
                               .panels_first = &amx_panels_first};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
