// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f32_gemm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/f32_gemm.cpp"
// The order of these headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/kernels/vector_f32-inl.h"
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

// What a tile needs besides its product: where the results go, and which weights to bring closer meanwhile.
struct TileEnds {
  const float* residual;  // null or the tile's first element
  float* out;
  std::ptrdiff_t stride;
  int columns;  // that exist: kVectors * kLanes, or fewer
  float low, high;
  const float* next;  // weights that will be read soon
  int next_step;      // floats of them to prefetch per element of depth, at most kPanelColumns
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
  const float* next = ends.next;
  for (int k = 0; k < depth; ++k) {
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
      const V value = clamp(sums[r][v], low, high);
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

// Weights that a tile prefetches: part `part` of `parts` of a panel.
struct Prefetch {
  int panel, part, parts;
};

void one_tile(const GemmProblem& problem, int row, int rows, int panel, const Prefetch& prefetch) {
  const int column = panel * kPanelColumns;
  const int columns = std::min(kPanelColumns, problem.columns - column);
  const std::ptrdiff_t at = row * problem.out_stride + column;
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(kPanelColumns) * problem.depth;
  TileEnds ends;
  ends.residual = problem.residual == nullptr ? nullptr : problem.residual + at;
  ends.out = problem.out + at;
  ends.stride = problem.out_stride;
  ends.columns = columns;
  ends.low = problem.low;
  ends.high = problem.high;
  ends.next = problem.b + prefetch.panel * panel_floats + panel_floats * prefetch.part / prefetch.parts;
  ends.next_step = kPanelColumns / prefetch.parts;
  constexpr auto kAllRows = std::make_integer_sequence<int, kTileRows>();
  const Tile run = columns > kLanes ? tile_of<2>(rows, kAllRows) : tile_of<1>(rows, kAllRows);
  run(problem.a + row * problem.a_stride, problem.a_stride, problem.b + panel * panel_floats, problem.bias + column,
      problem.depth, ends);
}

// Rows of the tile at `row` when `rows` are left: equal tiles rather than a small one at the end.
int rows_of_tile(int left, int tile_rows) {
  const int tiles = (left + tile_rows - 1) / tile_rows;
  return (left + tiles - 1) / tiles;
}

// Weights come from memory once a run of the network, faster than they are used: every tile brings the next panel, or
// its share of it (V2 on one core of a Xeon: 4.25 ms instead of 4.99).
void rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin, int panel_end) {
  for (int row = row_begin, rows = 0; row < row_end; row += rows) {
    rows = rows_of_tile(row_end - row, tile_rows);
    for (int panel = panel_begin; panel < panel_end; ++panel) {
      const int next = panel + 1 < panel_end ? panel + 1 : panel_begin;
      one_tile(problem, row, rows, panel, {next, 0, 1});
    }
  }
}

void panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                  int panel_end) {
  const int tiles = (row_end - row_begin + tile_rows - 1) / tile_rows;
  for (int panel = panel_begin; panel < panel_end; ++panel) {
    const int next = std::min(panel + 1, panel_end - 1);
    for (int row = row_begin, rows = 0, tile = 0; row < row_end; row += rows, ++tile) {
      rows = rows_of_tile(row_end - row, tile_rows);
      one_tile(problem, row, rows, panel, {next, tile, tiles});
    }
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

// A patch that leaves the picture at its left or right, or whose columns are not neighbours in memory.
float* gather_by_pixel(const WindowGeometry& g, int channels, const float* image, std::int64_t top, std::int64_t left,
                       float* patch) {
  for (std::int64_t ky = 0; ky < g.kernel_height; ++ky) {
    const std::int64_t row = top + ky * g.dilation_height;
    const float* line = image + row * g.input_width * g.input_channels;
    for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
      const std::int64_t column = left + kx * g.dilation_width;
      const bool inside = row >= 0 && row < g.input_height && column >= 0 && column < g.input_width;
      patch = inside ? copy(line + column * g.input_channels, channels, patch) : fill_zero(channels, patch);
    }
  }
  return patch;
}

void gather(const WindowGeometry& g, int channels, const float* input, int begin, int end, float* patches) {
  const bool neighbours = g.dilation_width == 1 && g.input_channels == channels;
  const int row_floats = static_cast<int>(g.kernel_width) * channels;
  const int output_width = static_cast<int>(g.output_width), output_height = static_cast<int>(g.output_height);
  const int kernel_height = static_cast<int>(g.kernel_height), d = static_cast<int>(g.dilation_height);
  const int height = static_cast<int>(g.input_height);
  const std::int64_t line_floats = g.input_width * g.input_channels;
  for (int pixel = begin; pixel < end;) {
    const int x_begin = pixel % output_width;
    const int x_end = std::min(output_width, x_begin + end - pixel);
    const float* image = input + pixel / output_width / output_height * height * line_floats;
    // Rows of the kernel that lie inside the picture: ky_begin..ky_end.
    const int top = static_cast<int>(g.top(pixel / output_width % output_height));
    const int ky_begin = std::min(kernel_height, top >= 0 ? 0 : (-top + d - 1) / d);
    const int ky_end = std::max(ky_begin, std::min(kernel_height, (height - top + d - 1) / d));
    pixel += x_end - x_begin;
    for (int x = x_begin; x < x_end; ++x) {
      const std::int64_t left = g.left(x);
      if (!neighbours || left < 0 || left + g.kernel_width > g.input_width) {
        patches = gather_by_pixel(g, channels, image, top, left, patches);
        continue;
      }
      patches = fill_zero(ky_begin * row_floats, patches);
      for (int ky = ky_begin; ky < ky_end; ++ky)
        patches = copy(image + (top + ky * d) * line_floats + left * g.input_channels, row_floats, patches);
      patches = fill_zero((kernel_height - ky_end) * row_floats, patches);
    }
  }
}

}  // namespace

const GemmKernels kF32Gemm{kTileRows, kPanelColumns, &rows_first, &panels_first, &gather};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
