// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The matrix product in AMX's tiles: 16 rows of 64 unsigned bytes times 64 signed weights of 16 channels into 16 x 16
// sums. The filters are those of AVX512_VNNI, filled up to whole tiles.

#include <algorithm>
#include <cstring>

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

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,amx-tile,amx-int8")
#include "backend/cpu/kernels/int8_avx512-inl.h"

namespace mobilenet::cpu {
namespace {

constexpr int kRows = 2 * kTileRows;
constexpr int kBlock = 32;
constexpr std::ptrdiff_t kGroupBytes = kBlock * 4;  // a group of four depths of every channel of a block
constexpr FilterLayout kLayout{.block = kBlock, .interleave = 2, .group = 4, .group_multiple = kTileRows};

int whole_tiles(int rows) { return (rows + kRows - 1) / kRows * kRows; }

std::size_t matmul_scratch(int row_count, int depth) {
  return sums_bytes(row_count) + static_cast<std::size_t>(whole_tiles(row_count)) * flipped_stride(depth);
}

struct Sums {
  alignas(64) std::int32_t values[kRows][kBlock];
};

// Tiles 0 to 3 hold sums, by rows and then channels, 4 and 5 rows, 6 and 7 weights. Every row of a tile of sums begins
// with the bias: a tile that is loaded with stride 0.
template <int kRowTiles>
HWY_INLINE void multiply_tiles(const std::uint8_t* rows, std::ptrdiff_t stride, const std::byte* block, int blocks,
                               Sums& sums) {
  _tile_loadd(0, block, 0);
  _tile_loadd(1, block + kTileRowBytes, 0);
  if constexpr (kRowTiles == 2) {
    _tile_loadd(2, block, 0);
    _tile_loadd(3, block + kTileRowBytes, 0);
  }
  const std::byte* weights = block + 2 * kGroupBytes;
  for (int i = 0; i < blocks; ++i, rows += kTileRowBytes, weights += kTileRows * kGroupBytes) {
    _tile_loadd(6, weights, kGroupBytes);
    _tile_loadd(4, rows, stride);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, weights + kTileRowBytes, kGroupBytes);
    _tile_dpbusd(1, 4, 7);
    if constexpr (kRowTiles == 2) {
      _tile_loadd(5, rows + kTileRows * stride, stride);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
  }
  _tile_stored(0, &sums.values[0][0], kGroupBytes);
  _tile_stored(1, &sums.values[0][kTileRows], kGroupBytes);
  if constexpr (kRowTiles == 2) {
    _tile_stored(2, &sums.values[kTileRows][0], kGroupBytes);
    _tile_stored(3, &sums.values[kTileRows][kTileRows], kGroupBytes);
  }
}

// Rows of one tile, or of two above each other, through one block of filters.
struct TileTask {
  const std::uint8_t* rows;
  std::ptrdiff_t stride;
  int count;  // up to kRows
  const std::int32_t* corrections;
  std::uint8_t* output;
};

void run_tile(const MatmulTask& task, const TileTask& tile, int b) {
  const PackedFilters& filters = *task.filters;
  const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
  const int blocks = kLayout.groups(filters.depth) / kTileRows;
  Sums sums;
  if (tile.count > kTileRows)
    multiply_tiles<2>(tile.rows, tile.stride, block, blocks, sums);
  else
    multiply_tiles<1>(tile.rows, tile.stride, block, blocks, sums);
  const int channel = b * kBlock;
  const auto channels =
      static_cast<__mmask32>(~std::uint32_t{0} >> (kBlock - std::min(kBlock, filters.channels - channel)));
  const __m512 scale_even = _mm512_load_ps(reinterpret_cast<const float*>(block) + kBlock);
  const __m512 scale_odd = _mm512_load_ps(reinterpret_cast<const float*>(block) + kBlock + kBlock / 2);
  const ByteLanes to = byte_lanes(task.to_byte);
  for (int r = 0; r < tile.count; ++r) {
    const __m512i correction = _mm512_set1_epi32(tile.corrections[r]);
    store_block(_mm512_add_epi32(_mm512_load_si512(&sums.values[r][0]), correction),
                _mm512_add_epi32(_mm512_load_si512(&sums.values[r][kTileRows]), correction), scale_even, scale_odd, to,
                tile.output + static_cast<std::size_t>(r) * task.output_stride + channel, channels);
  }
}

void matmul(const MatmulTask& task, std::byte* scratch) {
  const PackedFilters& filters = *task.filters;
  auto* const corrections = reinterpret_cast<std::int32_t*>(scratch);
  auto* const copied = reinterpret_cast<std::uint8_t*>(scratch + sums_bytes(task.row_count));
  const std::size_t copied_stride = flipped_stride(filters.depth);
  const std::uint8_t* const rows = task.flip != 0 ? flip_rows(task, copied) : task.rows;
  const std::size_t stride = task.flip != 0 ? copied_stride : task.row_stride;
  find_corrections(filters, rows, stride, task.row_count, corrections);

  _tile_loadconfig(&kWholeTiles);
  for (int first = 0; first < task.row_count; first += kRows) {
    TileTask tile{rows + static_cast<std::size_t>(first) * stride, static_cast<std::ptrdiff_t>(stride),
                  std::min(kRows, task.row_count - first), corrections + first,
                  task.output + static_cast<std::size_t>(first) * task.output_stride};
    if (task.flip == 0 && tile.count % kTileRows != 0) {
      // A tile reads all of its rows, and nobody says what lies behind the last.
      for (int r = 0; r < tile.count; ++r)
        std::memcpy(copied + static_cast<std::size_t>(r) * copied_stride,
                    tile.rows + static_cast<std::size_t>(r) * stride, static_cast<std::size_t>(filters.depth));
      tile.rows = copied;
      tile.stride = static_cast<std::ptrdiff_t>(copied_stride);
    }
    for (int b = task.first_block; b < task.first_block + task.block_count; ++b) run_tile(task, tile, b);
  }
  _tile_release();
}

}  // namespace

const Int8MatmulKernels kInt8MatmulAmx{
    .layout = kLayout, .rows = kRows, .scratch_bytes = &matmul_scratch, .run = &matmul};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
