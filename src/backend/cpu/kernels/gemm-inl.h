// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// The tiles of the matrix product, whatever four bytes of a row and of a packed panel are: a float, or a pair of bf16.
// A Product says how they are multiplied. Included by kernel files after <hwy/highway.h>, once per target.

#if defined(MOBILENET_GEMM_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MOBILENET_GEMM_INL
#undef MOBILENET_GEMM_INL
#else
#define MOBILENET_GEMM_INL
#endif

#include <algorithm>
#include <utility>

#include "backend/cpu/kernels/f32_gemm.h"
#include "backend/cpu/kernels/vector_f32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

constexpr int kPanelVectors = 2;
constexpr int kPanelColumns = kPanelVectors * kLanes;

// Rows of a tile: as many as keep every sum in a register beside one row of b and one element of a.
#if HWY_TARGET == HWY_AVX3
constexpr int kTileRows = 14;  // 28 sums + 2 + 1 of 32 registers
#elif HWY_TARGET == HWY_NEON
constexpr int kTileRows = 12;  // 24 + 2 + 1 of 32
#else
constexpr int kTileRows = 6;  // 12 + 2 + 1 of 16
#endif

// What a tile needs besides its product: where the results go, and which weights to bring closer meanwhile.
struct TileEnds {
  const float* residual;  // null or the tile's first element
  void* out;              // floats, or halves
  bool out_is_f16;
  std::ptrdiff_t stride;
  int columns;  // that exist: kVectors * kLanes, or fewer
  float low, high;
  const float* next;  // weights that will be read soon
  int next_step;      // floats of them to prefetch per element of depth, at most kPanelColumns
};

// Rows of a tile: the first element, and what is added to come to the next row, or from the end of a run to the next.
struct TileRows {
  const float* HWY_RESTRICT first;
  std::ptrdiff_t stride;
  int runs, depth;  // of each run
  std::ptrdiff_t run_skip;
};

// Sums of a tile by Product::add(sum, a, b), which adds to the sums of some columns an element of one row times the
// elements of those columns.
template <class Product>
struct RowByRow {
  static constexpr int kRowStep = 1;  // tiles begin at multiples of it

  template <int kRows, int kVectors>
  static HWY_INLINE void multiply(const TileRows& a, const float* HWY_RESTRICT b, const float* HWY_RESTRICT bias,
                                  const TileEnds& ends, V (&sums)[kRows][kVectors]) {
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MOBILENET_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Load(kD, bias + v * kLanes);
    }
    // Three rows share a pointer: pointer, pointer + stride and pointer + 2 stride are one address mode each, so that
    // 14 rows need 5 registers instead of 14.
    constexpr int kPointers = (kRows + 2) / 3;
    const std::ptrdiff_t a_stride = a.stride;
    const float* rows[kPointers];
    MOBILENET_UNROLL
    for (int p = 0; p < kPointers; ++p) {
      rows[p] = a.first + 3 * p * a_stride;
      MOBILENET_OPAQUE(rows[p]);
    }
    const float* next = ends.next;
    for (int run = 0; run < a.runs; ++run) {
      for (int k = 0; k < a.depth; ++k) {
        // Into the second-level cache, a row of b being one or two cache lines.
        __builtin_prefetch(next, 0, 2);
        if (kPanelColumns > 16) __builtin_prefetch(next + 16, 0, 2);
        next += ends.next_step;
        V b_row[kVectors];
        MOBILENET_UNROLL
        for (int v = 0; v < kVectors; ++v) b_row[v] = hn::Load(kD, b + v * kLanes);
        b += kPanelColumns;
        MOBILENET_UNROLL
        for (int r = 0; r < kRows; ++r) {
          const V element = hn::Set(kD, rows[r / 3][r % 3 * a_stride]);
          MOBILENET_UNROLL
          for (int v = 0; v < kVectors; ++v) Product::add(sums[r][v], element, b_row[v]);
#if HWY_TARGET == HWY_NEON
          // GCC 12 loads the elements of more rows ahead than there are registers, and keeps four sums on the stack.
          if (r % 4 == 3) asm volatile("" ::: "memory");
#endif
        }
        MOBILENET_UNROLL
        for (int p = 0; p < kPointers; ++p) ++rows[p];
      }
      MOBILENET_UNROLL
      for (int p = 0; p < kPointers; ++p) rows[p] += a.run_skip;
    }
  }
};

// One tile of kRows rows and kVectors vectors. `b` is one panel.
template <class Product, int kRows, int kVectors>
void tile(const TileRows& a, const float* HWY_RESTRICT b, const float* HWY_RESTRICT bias, const TileEnds& ends) {
  V sums[kRows][kVectors];
  Product::template multiply<kRows, kVectors>(a, b, bias, ends, sums);
  const V low = hn::Set(kD, ends.low), high = hn::Set(kD, ends.high);
  if (ends.residual != nullptr) {
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MOBILENET_UNROLL
      for (int v = 0; v < kVectors; ++v)
        sums[r][v] = hn::Add(sums[r][v], hn::LoadU(kD, ends.residual + r * ends.stride + v * kLanes));
    }
  }
  const int last = ends.columns - (kVectors - 1) * kLanes;  // columns of the last vector
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
  if (ends.out_is_f16) {
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      auto* out = static_cast<std::uint16_t*>(ends.out) + r * ends.stride;
      MOBILENET_UNROLL
      for (int v = 0; v < kVectors; ++v)
        store_first_as_f16(clamp(sums[r][v], low, high), out + v * kLanes, v + 1 < kVectors ? kLanes : last);
    }
    return;
  }
#endif
  MOBILENET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* out = static_cast<float*>(ends.out) + r * ends.stride;
    MOBILENET_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const V value = clamp(sums[r][v], low, high);
      if (v + 1 < kVectors || last == kLanes)
        hn::StoreU(value, kD, out + v * kLanes);
      else
        store_first(value, out + v * kLanes, last);
    }
  }
}

using Tile = void (*)(const TileRows&, const float*, const float*, const TileEnds&);

template <class Product, int kVectors, int... kRowsMinusOne>
Tile tile_of(int rows, std::integer_sequence<int, kRowsMinusOne...>) {
  static constexpr Tile kTiles[] = {&tile<Product, kRowsMinusOne + 1, kVectors>...};
  return kTiles[rows - 1];
}

// Weights that a tile prefetches: part `part` of `parts` of a panel.
struct Prefetch {
  int panel, part, parts;
};

template <class Product>
void one_tile(const GemmProblem& problem, int row, int rows, int panel, const Prefetch& prefetch) {
  const int column = panel * kPanelColumns;
  const int columns = std::min(kPanelColumns, problem.columns - column);
  const std::ptrdiff_t at = row * problem.out_stride + column;
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kPanelColumns) * problem.packed_depth;
  TileEnds ends;
  ends.residual = problem.residual == nullptr ? nullptr : problem.residual + at;
  ends.out = problem.out_at(at);
  ends.out_is_f16 = problem.out_is_f16;
  ends.stride = problem.out_stride;
  ends.columns = columns;
  ends.low = problem.low;
  ends.high = problem.high;
  ends.next = problem.b + prefetch.panel * panel_floats + panel_floats * prefetch.part / prefetch.parts;
  ends.next_step = kPanelColumns / prefetch.parts;
  constexpr auto kAllRows = std::make_integer_sequence<int, kTileRows>();
  const Tile run = columns > kLanes ? tile_of<Product, 2>(rows, kAllRows) : tile_of<Product, 1>(rows, kAllRows);
  const int run_depth = problem.depth / problem.runs;
  const TileRows a{problem.a + row * problem.a_stride, problem.a_stride, problem.runs, run_depth,
                   problem.run_stride - run_depth};
  run(a, problem.b + panel * panel_floats, problem.bias + column, ends);
}

// Rows of the next tile when `left` are left: equal tiles rather than a small one at the end, but all of whole steps.
inline int rows_of_tile(int left, int tile_rows, int step) {
  const int tiles = (left + tile_rows - 1) / tile_rows;
  const int steps = ((left + tiles - 1) / tiles + step - 1) / step;
  return std::min(left, steps * step);
}

// Weights come from memory once a run of the network, faster than they are used: every tile brings the next panel, or
// its share of it (V2 on one core of a Xeon: 4.25 ms instead of 4.99).
template <class Product>
void rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin, int panel_end) {
  for (int row = row_begin, rows = 0; row < row_end; row += rows) {
    rows = rows_of_tile(row_end - row, tile_rows, Product::kRowStep);
    for (int panel = panel_begin; panel < panel_end; ++panel) {
      const int next = panel + 1 < panel_end ? panel + 1 : panel_begin;
      one_tile<Product>(problem, row, rows, panel, {next, 0, 1});
    }
  }
}

template <class Product>
void panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                  int panel_end) {
  const int tiles = (row_end - row_begin + tile_rows - 1) / tile_rows;
  for (int panel = panel_begin; panel < panel_end; ++panel) {
    const int next = std::min(panel + 1, panel_end - 1);
    for (int row = row_begin, rows = 0, tile = 0; row < row_end; row += rows, ++tile) {
      rows = rows_of_tile(row_end - row, tile_rows, Product::kRowStep);
      one_tile<Product>(problem, row, rows, panel, {next, tile, tiles});
    }
  }
}

}  // namespace
}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
