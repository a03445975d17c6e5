// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels_f32_gemm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels_f32_gemm.cpp"
// The order of these headers matters.
// clang-format off
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/vector_f32-inl.h"
// clang-format on

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

struct TileEnds {
  const float* residual;  // null or the tile's first element
  float* out;
  std::ptrdiff_t stride;
  int columns;  // that exist: kVectors * kLanes, or fewer
  float low, high;
};

// One tile of kRows rows and kVectors vectors. `b` is one panel.
template <int kRows, int kVectors>
void tile(const float* HWY_RESTRICT a, std::ptrdiff_t a_stride, const float* HWY_RESTRICT b,
          const float* HWY_RESTRICT bias, int depth, const TileEnds& ends) {
  V sums[kRows][kVectors];
  MOBILENET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    MOBILENET_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Load(kD, bias + v * kLanes);
  }
  // Three rows share a pointer: pointer, pointer + stride and pointer + 2 stride are one address mode each, so that 14
  // rows need 5 registers instead of 14.
  constexpr int kPointers = (kRows + 2) / 3;
  const float* rows[kPointers];
  MOBILENET_UNROLL
  for (int p = 0; p < kPointers; ++p) {
    rows[p] = a + 3 * p * a_stride;
    MOBILENET_OPAQUE(rows[p]);
  }
  for (int k = 0; k < depth; ++k) {
    V b_row[kVectors];
    MOBILENET_UNROLL
    for (int v = 0; v < kVectors; ++v) b_row[v] = hn::Load(kD, b + v * kLanes);
    b += kPanelColumns;
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const V element = hn::Set(kD, rows[r / 3][r % 3 * a_stride]);
      MOBILENET_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(element, b_row[v], sums[r][v]);
    }
    MOBILENET_UNROLL
    for (int p = 0; p < kPointers; ++p) ++rows[p];
  }

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
  MOBILENET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* out = ends.out + r * ends.stride;
    MOBILENET_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const V value = hn::Min(hn::Max(sums[r][v], low), high);
      if (v + 1 < kVectors || last == kLanes)
        hn::StoreU(value, kD, out + v * kLanes);
      else
        store_first(value, out + v * kLanes, last);
    }
  }
}

using Tile = void (*)(const float*, std::ptrdiff_t, const float*, const float*, int, const TileEnds&);

template <int kVectors, int... kRowsMinusOne>
Tile tile_of(int rows, std::integer_sequence<int, kRowsMinusOne...>) {
  static constexpr Tile kTiles[] = {&tile<kRowsMinusOne + 1, kVectors>...};
  return kTiles[rows - 1];
}

void one_tile(const GemmProblem& problem, int row, int rows, int panel) {
  const int column = panel * kPanelColumns;
  const int columns = std::min(kPanelColumns, problem.columns - column);
  const std::ptrdiff_t at = row * problem.out_stride + column;
  const TileEnds ends{problem.residual == nullptr ? nullptr : problem.residual + at,
                      problem.out + at,
                      problem.out_stride,
                      columns,
                      problem.low,
                      problem.high};
  constexpr auto kAllRows = std::make_integer_sequence<int, kTileRows>();
  const Tile run = columns > kLanes ? tile_of<2>(rows, kAllRows) : tile_of<1>(rows, kAllRows);
  run(problem.a + row * problem.a_stride, problem.a_stride,
      problem.b + static_cast<std::ptrdiff_t>(column) * problem.depth, problem.bias + column, problem.depth, ends);
}

// Rows of the tile at `row` when `rows` are left: equal tiles rather than a small one at the end.
int rows_of_tile(int left, int tile_rows) {
  const int tiles = (left + tile_rows - 1) / tile_rows;
  return (left + tiles - 1) / tiles;
}

void rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin, int panel_end) {
  for (int row = row_begin, rows = 0; row < row_end; row += rows) {
    rows = rows_of_tile(row_end - row, tile_rows);
    for (int panel = panel_begin; panel < panel_end; ++panel) one_tile(problem, row, rows, panel);
  }
}

void panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                  int panel_end) {
  for (int panel = panel_begin; panel < panel_end; ++panel)
    for (int row = row_begin, rows = 0; row < row_end; row += rows) {
      rows = rows_of_tile(row_end - row, tile_rows);
      one_tile(problem, row, rows, panel);
    }
}

// Copies in whole vectors: what is written past the end is overwritten by the next copy.
inline float* copy(const float* from, int count, float* to) {
  for (int i = 0; i < count; i += kLanes) hn::StoreU(hn::LoadU(kD, from + i), kD, to + i);
  return to + count;
}

inline float* fill_zero(int count, float* to) {
  for (int i = 0; i < count; i += kLanes) hn::StoreU(hn::Zero(kD), kD, to + i);
  return to + count;
}

void gather(const PatchGeometry& g, const float* input, int begin, int end, float* patches) {
  int x = begin % g.output_width;
  int y = begin / g.output_width % g.output_height;
  int image = begin / g.output_width / g.output_height;
  const int row_floats = g.kernel_width * g.channels;
  for (int pixel = begin; pixel < end; ++pixel) {
    const int left = x * g.stride_width - g.pad_left;
    const bool whole_rows =
        left >= 0 && left + g.kernel_width <= g.width && g.dilation_width == 1 && g.pixel_stride == g.channels;
    for (int ky = 0; ky < g.kernel_height; ++ky) {
      const int row = y * g.stride_height - g.pad_top + ky * g.dilation_height;
      if (row < 0 || row >= g.height) {
        patches = fill_zero(row_floats, patches);
        continue;
      }
      const float* line = input + (static_cast<std::ptrdiff_t>(image) * g.height + row) * g.width * g.pixel_stride;
      if (whole_rows) {
        patches = copy(line + left * g.pixel_stride, row_floats, patches);
        continue;
      }
      for (int kx = 0; kx < g.kernel_width; ++kx) {
        const int column = left + kx * g.dilation_width;
        patches = column < 0 || column >= g.width ? fill_zero(g.channels, patches)
                                                  : copy(line + column * g.pixel_stride, g.channels, patches);
      }
    }
    if (++x == g.output_width) {
      x = 0;
      if (++y == g.output_height) y = 0, ++image;
    }
  }
}

constexpr GemmKernels kTable{kTileRows, kPanelColumns, &rows_first, &panels_first, &gather};

}  // namespace

const GemmKernels& gemm_table() { return kTable; }

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet::cpu {

const GemmKernels& gemm_kernels(Isa isa) { MOBILENET_RETURN_FOR_ISA(isa, gemm_table()); }

}  // namespace mobilenet::cpu
#endif
