// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/bf16_gemm.h"

// The matrix product in AMX's tiles: 16 rows of 32 bf16 times 32 rows of 16 columns into 16 x 16 floats.

#include <algorithm>
#include <cstring>

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

HWY_INLINE __m256i half_floats(__m512 x) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

template <int kColumnTiles>
HWY_INLINE void store_sums(const GemmProblem& problem, const TileSums<float>& sums, const float* bias, int row,
                           int rows, int column) {
  const __m512 left_bias = _mm512_load_ps(bias), right_bias = _mm512_load_ps(bias + kTile);
  const __m512 low = _mm512_set1_ps(problem.low), high = _mm512_set1_ps(problem.high);
  const int last = std::min(kTwoTiles, problem.columns - column) - (kColumnTiles - 1) * kTile;
  const auto mask = static_cast<__mmask16>(0xffffu >> (kTile - last));
  const std::ptrdiff_t at = row * problem.out_stride + column;
  const float* residual = problem.residual == nullptr ? nullptr : problem.residual + at;
  for (int r = 0; r < rows; ++r) {
    __m512 left = _mm512_add_ps(_mm512_load_ps(&sums.values[r][0]), left_bias);
    __m512 right = _mm512_add_ps(_mm512_load_ps(&sums.values[r][kTile]), right_bias);
    if (residual != nullptr) {
      left = _mm512_add_ps(left, _mm512_maskz_loadu_ps(kColumnTiles == 2 ? 0xffff : mask, residual));
      if (kColumnTiles == 2) right = _mm512_add_ps(right, _mm512_maskz_loadu_ps(mask, residual + kTile));
      residual += problem.out_stride;
    }
    void* const out = problem.out_at(at + r * problem.out_stride);
    if (problem.out_is_f16) {
      const __m256i halves = half_floats(clamped(left, low, high));
      if constexpr (kColumnTiles == 2)
        _mm512_mask_storeu_epi16(
            out, 0xffffu | static_cast<__mmask32>(mask) << kTile,
            _mm512_inserti64x4(_mm512_castsi256_si512(halves), half_floats(clamped(right, low, high)), 1));
      else
        _mm256_mask_storeu_epi16(out, mask, halves);
    } else if constexpr (kColumnTiles == 2) {
      _mm512_storeu_ps(out, clamped(left, low, high));
      _mm512_mask_storeu_ps(static_cast<float*>(out) + kTile, mask, clamped(right, low, high));
    } else {
      _mm512_mask_storeu_ps(out, mask, clamped(left, low, high));
    }
  }
}

// Rounded rows of a tile: the first 16, and the others.
struct TileRows {
  const std::byte *upper, *lower;
};

TileRows adjacent_rows(const GemmProblem& problem, const std::byte* first) {
  return {first, first + kTile * bf16_row_bytes(problem.depth)};
}

template <int kRowTiles, int kColumnTiles>
HWY_NOINLINE void tile(const GemmProblem& problem, const TileRows& rounded, int row, int rows, int panel,
                       const NextWeights& next) {
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kTwoTiles) * problem.packed_depth;
  TileSums<float> sums;
  multiply_tiles<kRowTiles, kColumnTiles>(rounded.upper, rounded.lower,
                                          static_cast<std::ptrdiff_t>(bf16_row_bytes(problem.depth)),
                                          problem.b + panel * panel_floats, problem.packed_depth / kTile, next, sums);
  store_sums<kColumnTiles>(problem, sums, problem.bias + panel * kTwoTiles, row, rows, panel * kTwoTiles);
}

void one_tile(const GemmProblem& problem, const TileRows& rounded, int row, int rows, int panel,
              const NextWeights& next = {}) {
  const bool tall = rows > kTile, wide = problem.columns - panel * kTwoTiles > kTile;
  const auto run = tall ? (wide ? &tile<2, 2> : &tile<2, 1>) : (wide ? &tile<1, 2> : &tile<1, 1>);
  run(problem, rounded, row, rows, panel, next);
}

// Those of `a` that are rounded already, from `row` on. A tile that has fewer than 16 would be loaded with what lies
// behind it, which may be nobody's memory: it is copied to scratch.
TileRows rows_in_place(const GemmProblem& problem, int row, int rows) {
  const std::size_t row_bytes = bf16_row_bytes(problem.depth);
  const auto* first = reinterpret_cast<const std::byte*>(problem.a) + static_cast<std::size_t>(row) * row_bytes;
  TileRows found = adjacent_rows(problem, first);
  const auto copied = [&](const std::byte* from, int count) {
    std::memcpy(problem.scratch, from, static_cast<std::size_t>(count) * row_bytes);
    return problem.scratch;
  };
  if (rows < kTile)
    found.upper = copied(found.upper, rows);
  else if (rows > kTile && rows < kTwoTiles)
    found.lower = copied(found.lower, rows - kTile);
  return found;
}

void amx_rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                    int panel_end) {
  _tile_loadconfig(&kWholeTiles);
  for (int row = row_begin; row < row_end; row += tile_rows) {
    const int rows = std::min(tile_rows, row_end - row);
    if (!problem.a_is_bf16) round_rows_to_bf16(problem, row, row + rows);
    const TileRows rounded =
        problem.a_is_bf16 ? rows_in_place(problem, row, rows) : adjacent_rows(problem, problem.scratch);
    for (int panel = panel_begin; panel < panel_end; ++panel) one_tile(problem, rounded, row, rows, panel);
  }
  _tile_release();
}

// What the tile of rows number `tile` of `tiles` brings of a panel: its part of it, or nothing where others bring all.
NextWeights part_of_panel(const GemmProblem& problem, int panel, int tile, int tiles) {
  const std::ptrdiff_t panel_bytes = static_cast<std::ptrdiff_t>(kBlockBytes) * problem.packed_depth;
  const int lines = (kTile * kBlockBytes / 64 + tiles - 1) / tiles;
  const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(tile) * (problem.packed_depth / kTile) * lines * 64;
  if (begin >= panel_bytes) return {};
  return {reinterpret_cast<const std::byte*>(problem.b) + panel * panel_bytes + begin, lines};
}

void amx_panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                      int panel_end) {
  _tile_loadconfig(&kWholeTiles);
  if (!problem.a_is_bf16) round_rows_to_bf16(problem, row_begin, row_end);
  const std::size_t row_bytes = bf16_row_bytes(problem.depth);
  const int tiles = (row_end - row_begin + tile_rows - 1) / tile_rows;
  for (int panel = panel_begin; panel < panel_end; ++panel)
    for (int tile = 0; tile < tiles; ++tile) {
      const int row = row_begin + tile * tile_rows, rows = std::min(tile_rows, row_end - row);
      const std::byte* rounded = problem.scratch + static_cast<std::size_t>(row - row_begin) * row_bytes;
      one_tile(problem, problem.a_is_bf16 ? rows_in_place(problem, row, rows) : adjacent_rows(problem, rounded), row,
               rows, panel, panel + 1 < panel_end ? part_of_panel(problem, panel + 1, tile, tiles) : NextWeights());
    }
  _tile_release();
}

}  // namespace

const GemmKernels kBf16GemmAmx{.tile_rows = kTwoTiles,
                               .resident_bytes = 32 * 1024,  // a first-level cache has 48 KB
                               .streamed_bytes = kStreamedBytesAmx,
                               .layout = kBf16Panels,
                               .scratch_bytes = &bf16_scratch_bytes,
                               .rows_first = &amx_rows_first,
                               .panels_first = &amx_panels_first};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
