// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/bf16_gemm.h"

// The matrix product in AMX's tiles: 16 rows of 32 bf16 times 32 rows of 16 columns into 16 x 16 floats. Four tiles of
// sums, two of rows and two of weights at a time keep the unit at its peak with a load for every product.

#include <algorithm>

#include "backend/cpu/kernels/amx_tiles.h"
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
namespace mobilenet::cpu {
namespace {

constexpr int kTile = kTileRows;  // and floats or pairs of bf16 in its rows
constexpr int kRows = 2 * kTile;
constexpr int kColumns = 2 * kTile;
constexpr std::ptrdiff_t kPanelRowBytes = kColumns * 4;

// Tiles 0 to 3 hold sums, by rows and then columns, 4 and 5 rows, 6 and 7 weights.
struct Sums {
  alignas(64) float values[kRows][kColumns];
};

// Every row of a tile of sums begins with the bias: a tile that is loaded with stride 0.
template <int kRowTiles, int kColumnTiles>
HWY_INLINE void multiply_tiles(const std::byte* rows, std::ptrdiff_t row_bytes, const float* panel, const float* bias,
                               int blocks, Sums& sums) {
  _tile_loadd(0, bias, 0);
  if constexpr (kColumnTiles == 2) _tile_loadd(1, bias + kTile, 0);
  if constexpr (kRowTiles == 2) _tile_loadd(2, bias, 0);
  if constexpr (kRowTiles == 2 && kColumnTiles == 2) _tile_loadd(3, bias + kTile, 0);
  for (int block = 0; block < blocks; ++block, rows += 64, panel += kTile * kColumns) {
    _tile_loadd(6, panel, kPanelRowBytes);
    _tile_loadd(4, rows, row_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kColumnTiles == 2) {
      _tile_loadd(7, panel + kTile, kPanelRowBytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (kRowTiles == 2) {
      _tile_loadd(5, rows + kTile * row_bytes, row_bytes);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kColumnTiles == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }
  constexpr std::ptrdiff_t kStride = kColumns * sizeof(float);
  _tile_stored(0, &sums.values[0][0], kStride);
  if constexpr (kColumnTiles == 2) _tile_stored(1, &sums.values[0][kTile], kStride);
  if constexpr (kRowTiles == 2) _tile_stored(2, &sums.values[kTile][0], kStride);
  if constexpr (kRowTiles == 2 && kColumnTiles == 2) _tile_stored(3, &sums.values[kTile][kTile], kStride);
}

// A minimum or maximum of a NaN and a bound is the NaN, when it is the second operand.
HWY_INLINE __m512 clamped(__m512 x, __m512 low, __m512 high) { return _mm512_min_ps(high, _mm512_max_ps(low, x)); }

template <int kColumnTiles>
HWY_INLINE void store_sums(const GemmProblem& problem, const Sums& sums, int row, int rows, int column) {
  const __m512 low = _mm512_set1_ps(problem.low), high = _mm512_set1_ps(problem.high);
  const int last = std::min(kColumns, problem.columns - column) - (kColumnTiles - 1) * kTile;
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
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kColumns) * problem.packed_depth;
  Sums sums;
  multiply_tiles<kRowTiles, kColumnTiles>(rounded, static_cast<std::ptrdiff_t>(bf16_row_bytes(problem.depth)),
                                          problem.b + panel * panel_floats, problem.bias + panel * kColumns,
                                          problem.packed_depth / kTile, sums);
  store_sums<kColumnTiles>(problem, sums, row, rows, panel * kColumns);
}

// `rounded`: the tile's rows.
void one_tile(const GemmProblem& problem, const std::byte* rounded, int row, int rows, int panel) {
  const bool tall = rows > kTile, wide = problem.columns - panel * kColumns > kTile;
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

const GemmKernels kBf16GemmAmx{.tile_rows = kRows,
                               .layout = kBf16Panels,
                               .scratch_bytes = &bf16_scratch_bytes,
                               .rows_first = &amx_rows_first,
                               .panels_first = &amx_panels_first};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
