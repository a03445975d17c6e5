// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/bf16_gemm.h"

// The matrix product in AMX's tiles: 16 rows of 32 bf16 times 32 rows of 16 columns into 16 x 16 floats. Of numbers
// rounded to bf16, or of numbers as the sum of two bf16, which takes three products: high * high + low * high +
// high * low; what low * low would add is below the last bit that the two have.

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

// Who has AMX has arithmetic in halves too.
#if MOBILENET_COMPILES_AVX512_FP16
HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16,avx512fp16")
#else
HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")
#endif
#define MOBILENET_TILE_PRODUCT _tile_dpbf16ps
#include "backend/cpu/kernels/amx_tiles-inl.h"

namespace mobilenet::cpu {
namespace {

// A minimum or maximum of a NaN and a bound is the NaN, when it is the second operand.
HWY_INLINE __m512 clamped(__m512 x, __m512 low, __m512 high) { return _mm512_min_ps(high, _mm512_max_ps(low, x)); }

// 32 clamped halves of 32 floats. Rounding first gives the same, halves being as ordered as floats; 32 of them at once
// make sums of little depth 3 to 8 % faster.
class HalfClamp {
 public:
#if MOBILENET_COMPILES_AVX512_FP16
  HWY_INLINE explicit HalfClamp(const GemmProblem& problem)
      : low_(_mm512_set1_ph(static_cast<_Float16>(problem.low))),
        high_(_mm512_set1_ph(static_cast<_Float16>(problem.high))) {}
  HWY_INLINE __m512i halves(__m512 left, __m512 right) const {
    const __m512h both = _mm512_castsi512_ph(joined(left, right));
    return _mm512_castph_si512(_mm512_min_ph(high_, _mm512_max_ph(low_, both)));
  }

 private:
  __m512h low_, high_;
#else
  HWY_INLINE explicit HalfClamp(const GemmProblem& problem)
      : low_(_mm512_set1_ps(problem.low)), high_(_mm512_set1_ps(problem.high)) {}
  HWY_INLINE __m512i halves(__m512 left, __m512 right) const {
    return joined(clamped(left, low_, high_), clamped(right, low_, high_));
  }

 private:
  __m512 low_, high_;
#endif
  static HWY_INLINE __m512i joined(__m512 left, __m512 right) {
    constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtps_ph(left, kNearest)), _mm512_cvtps_ph(right, kNearest),
                              1);
  }
};

template <int kColumnTiles>
HWY_INLINE void store_sums(const GemmProblem& problem, const TileSums<float>& sums, const float* bias, int row,
                           int rows, int column) {
  const __m512 left_bias = _mm512_load_ps(bias), right_bias = _mm512_load_ps(bias + kTile);
  const __m512 low = _mm512_set1_ps(problem.low), high = _mm512_set1_ps(problem.high);
  const HalfClamp clamp(problem);
  const int columns = std::min(kColumnTiles * kTile, problem.columns - column);
  const auto mask = static_cast<__mmask16>(0xffffu >> (kColumnTiles * kTile - columns));  // of the last tile
  const __mmask32 half_mask = ~std::uint32_t{0} >> (kTwoTiles - columns);
  const std::ptrdiff_t at = row * problem.out_stride + column;
  const float* residual = problem.residual == nullptr ? nullptr : problem.residual + at;
  for (int r = 0; r < rows; ++r) {
    __m512 left = _mm512_add_ps(_mm512_load_ps(&sums.values[r][0]), left_bias);
    __m512 right = left;
    if constexpr (kColumnTiles == 2) right = _mm512_add_ps(_mm512_load_ps(&sums.values[r][kTile]), right_bias);
    if (residual != nullptr) {
      left = _mm512_add_ps(left, _mm512_maskz_loadu_ps(kColumnTiles == 2 ? 0xffff : mask, residual));
      if (kColumnTiles == 2) right = _mm512_add_ps(right, _mm512_maskz_loadu_ps(mask, residual + kTile));
      residual += problem.out_stride;
    }
    void* const out = problem.out_at(at + r * problem.out_stride);
    if (problem.out_is_f16) {
      _mm512_mask_storeu_epi16(out, half_mask, clamp.halves(left, right));
    } else if constexpr (kColumnTiles == 2) {
      _mm512_storeu_ps(out, clamped(left, low, high));
      _mm512_mask_storeu_ps(static_cast<float*>(out) + kTile, mask, clamped(right, low, high));
    } else {
      _mm512_mask_storeu_ps(out, mask, clamped(left, low, high));
    }
  }
}

// Rounded rows of a tile: the first 16, and the others. What rounding left of them lies `low` bytes further.
struct TileRows {
  const std::byte *upper, *lower;
  std::ptrdiff_t low = 0;
};

TileRows adjacent_rows(const GemmProblem& problem, const std::byte* first, std::ptrdiff_t low = 0) {
  return {first, first + kTile * bf16_row_bytes(problem.depth), low};
}

// Numbers rounded to bf16.
struct Rounded {
  static constexpr int kParts = 1;

  static TileRows rows(const GemmProblem& problem, int begin, int end) {
    round_rows_to_bf16(problem, begin, end);
    return adjacent_rows(problem, problem.scratch);
  }

  template <int kRowTiles, int kColumnTiles>
  static HWY_INLINE void multiply(const TileRows& rows, std::ptrdiff_t row_bytes, const float* weights, int depth_tiles,
                                  NextWeights next, TileSums<float>& sums) {
    multiply_tiles<kRowTiles, kColumnTiles>(rows.upper, rows.lower, row_bytes, weights, depth_tiles, next, sums);
  }
};

// Numbers as the sum of two bf16.
struct Split {
  static constexpr int kParts = 2;

  // The upper half of a float, rounded. Of a NaN it may be any number; what that leaves is a NaN. So is the sum that an
  // infinity is in, which a product with the lower half of a weight makes of it anyway.
  static HWY_INLINE __m512 high_of(__m512 x) {
    const __m512i half_a_step = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32(-0x10000);
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(x), half_a_step), upper));
  }
  static HWY_INLINE void store_rounded(__m512 first, __m512 second, std::byte* to) {
    _mm512_store_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first)));
  }
  static HWY_INLINE void store(__m512 first, __m512 second, std::byte* high, std::byte* low) {
    const __m512 first_high = high_of(first), second_high = high_of(second);
    store_rounded(first_high, second_high, high);
    store_rounded(_mm512_sub_ps(first, first_high), _mm512_sub_ps(second, second_high), low);
  }

  static TileRows rows(const GemmProblem& problem, int begin, int end) {
    const std::size_t row_bytes = bf16_row_bytes(problem.depth);
    const std::size_t low = bf16_scratch_bytes(end - begin, problem.depth);
    std::byte* to = problem.scratch;
    for (int r = begin; r < end; ++r, to += row_bytes) {
      const float* from = problem.a + r * problem.a_stride;
      for (int k = 0; k < problem.depth; k += kTwoTiles) {
        const std::uint32_t inside = ~std::uint32_t{0} >> (kTwoTiles - std::min(kTwoTiles, problem.depth - k));
        store(_mm512_maskz_loadu_ps(static_cast<__mmask16>(inside), from + k),
              _mm512_maskz_loadu_ps(static_cast<__mmask16>(inside >> kTile), from + k + kTile), to + 2 * k,
              to + low + 2 * k);
      }
    }
    return adjacent_rows(problem, problem.scratch, static_cast<std::ptrdiff_t>(low));
  }

  // Rows, which become tiles 4 and 5, times the weights in tiles 6 and 7.
  template <int kRowTiles, int kColumnTiles>
  static HWY_INLINE void add_rows(const std::byte* upper, const std::byte* lower, std::ptrdiff_t row_bytes) {
    constexpr bool kTall = kRowTiles == 2, kWide = kColumnTiles == 2;
    _tile_loadd(4, upper, row_bytes);
    MOBILENET_TILE_PRODUCT(0, 4, 6);
    if constexpr (kWide) MOBILENET_TILE_PRODUCT(1, 4, 7);
    if constexpr (kTall) {
      _tile_loadd(5, lower, row_bytes);
      MOBILENET_TILE_PRODUCT(2, 5, 6);
      if constexpr (kWide) MOBILENET_TILE_PRODUCT(3, 5, 7);
    }
  }

  template <int kRowTiles, int kColumnTiles>
  static HWY_INLINE void multiply(const TileRows& rows, std::ptrdiff_t row_bytes, const float* weights, int depth_tiles,
                                  NextWeights next, TileSums<float>& sums) {
    constexpr bool kTall = kRowTiles == 2, kWide = kColumnTiles == 2;
    const auto* high = reinterpret_cast<const std::byte*>(weights);
    const std::byte* low = high + static_cast<std::ptrdiff_t>(depth_tiles) * kTile * kBlockBytes;
    const std::byte *upper = rows.upper, *lower = rows.lower;
    begin_sums<kRowTiles, kColumnTiles>();
    for (int tile = 0; tile < depth_tiles; ++tile, upper += kTileBytes, lower += kTileBytes) {
      prefetch(next);
      _tile_loadd(6, high, kBlockBytes);
      if constexpr (kWide) _tile_loadd(7, high + kTileBytes, kBlockBytes);
      add_rows<kRowTiles, kColumnTiles>(upper + rows.low, lower + rows.low, row_bytes);
      add_rows<kRowTiles, kColumnTiles>(upper, lower, row_bytes);
      _tile_loadd(6, low, kBlockBytes);
      MOBILENET_TILE_PRODUCT(0, 4, 6);
      if constexpr (kTall) MOBILENET_TILE_PRODUCT(2, 5, 6);
      if constexpr (kWide) {
        _tile_loadd(7, low + kTileBytes, kBlockBytes);
        MOBILENET_TILE_PRODUCT(1, 4, 7);
        if constexpr (kTall) MOBILENET_TILE_PRODUCT(3, 5, 7);
      }
      high += kTile * kBlockBytes;
      low += kTile * kBlockBytes;
    }
    store_tiles<kRowTiles, kColumnTiles>(sums);
  }
};

template <class Numbers>
int depth_tiles_of(const GemmProblem& problem) {
  return problem.packed_depth / (kTile * Numbers::kParts);
}

template <class Numbers, int kRowTiles, int kColumnTiles>
HWY_NOINLINE void tile(const GemmProblem& problem, const TileRows& rounded, int row, int rows, int panel,
                       const NextWeights& next) {
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kTwoTiles) * problem.packed_depth;
  TileSums<float> sums;
  Numbers::template multiply<kRowTiles, kColumnTiles>(
      rounded, static_cast<std::ptrdiff_t>(bf16_row_bytes(problem.depth)), problem.b + panel * panel_floats,
      depth_tiles_of<Numbers>(problem), next, sums);
  store_sums<kColumnTiles>(problem, sums, problem.bias + panel * kTwoTiles, row, rows, panel * kTwoTiles);
}

template <class Numbers>
void one_tile(const GemmProblem& problem, const TileRows& rounded, int row, int rows, int panel,
              const NextWeights& next = {}) {
  const bool tall = rows > kTile, wide = problem.columns - panel * kTwoTiles > kTile;
  const auto run = tall ? (wide ? &tile<Numbers, 2, 2> : &tile<Numbers, 2, 1>)
                        : (wide ? &tile<Numbers, 1, 2> : &tile<Numbers, 1, 1>);
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

template <class Numbers>
void amx_rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                    int panel_end) {
  _tile_loadconfig(&kWholeTiles);
  for (int row = row_begin; row < row_end; row += tile_rows) {
    const int rows = std::min(tile_rows, row_end - row);
    const TileRows rounded =
        problem.a_is_bf16 ? rows_in_place(problem, row, rows) : Numbers::rows(problem, row, row + rows);
    for (int panel = panel_begin; panel < panel_end; ++panel) one_tile<Numbers>(problem, rounded, row, rows, panel);
  }
  _tile_release();
}

// What the tile of rows number `tile` of `tiles` brings of a panel: its part of it, or nothing where others bring all.
template <class Numbers>
NextWeights part_of_panel(const GemmProblem& problem, int panel, int tile, int tiles) {
  const std::ptrdiff_t panel_bytes = static_cast<std::ptrdiff_t>(kBlockBytes) * problem.packed_depth;
  const int lines = (Numbers::kParts * kTile * kBlockBytes / 64 + tiles - 1) / tiles;
  const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(tile) * depth_tiles_of<Numbers>(problem) * lines * 64;
  if (begin >= panel_bytes) return {};
  return {reinterpret_cast<const std::byte*>(problem.b) + panel * panel_bytes + begin, lines};
}

template <class Numbers>
void amx_panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                      int panel_end) {
  _tile_loadconfig(&kWholeTiles);
  TileRows all;
  if (!problem.a_is_bf16) all = Numbers::rows(problem, row_begin, row_end);
  const std::size_t row_bytes = bf16_row_bytes(problem.depth);
  const int tiles = (row_end - row_begin + tile_rows - 1) / tile_rows;
  for (int panel = panel_begin; panel < panel_end; ++panel)
    for (int tile = 0; tile < tiles; ++tile) {
      const int row = row_begin + tile * tile_rows, rows = std::min(tile_rows, row_end - row);
      const TileRows rounded =
          problem.a_is_bf16
              ? rows_in_place(problem, row, rows)
              : adjacent_rows(problem, all.upper + static_cast<std::size_t>(row - row_begin) * row_bytes, all.low);
      one_tile<Numbers>(
          problem, rounded, row, rows, panel,
          panel + 1 < panel_end ? part_of_panel<Numbers>(problem, panel + 1, tile, tiles) : NextWeights());
    }
  _tile_release();
}

std::size_t split_scratch_bytes(int rows, int depth) { return Split::kParts * bf16_scratch_bytes(rows, depth); }

constexpr std::size_t kResidentBytes = 32 * 1024;  // a first-level cache has 48 KB

}  // namespace

const GemmKernels kBf16GemmAmx{.tile_rows = kTwoTiles,
                               .resident_bytes = kResidentBytes,
                               .streamed_bytes = kStreamedBytesAmx,
                               .layout = kBf16Panels,
                               .scratch_bytes = &bf16_scratch_bytes,
                               .rows_first = &amx_rows_first<Rounded>,
                               .panels_first = &amx_panels_first<Rounded>};

const GemmKernels kBf16x3GemmAmx{.tile_rows = kTwoTiles,
                                 .resident_bytes = kResidentBytes,
                                 .streamed_bytes = kStreamedBytesAmx,
                                 .layout = kBf16x3Panels,
                                 .scratch_bytes = &split_scratch_bytes,
                                 .rows_first = &amx_rows_first<Split>,
                                 .panels_first = &amx_panels_first<Split>};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
