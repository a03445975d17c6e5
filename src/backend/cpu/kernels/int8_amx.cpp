// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The matrix product in AMX's tiles: 16 rows of 64 unsigned bytes times 64 signed weights of 16 channels into 16 x 16
// sums. The filters are those of AVX512_VNNI, filled up to whole tiles.

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

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,amx-tile,amx-int8")
#define MOBILENET_TILE_PRODUCT _tile_dpbusd
#include "backend/cpu/kernels/amx_tiles-inl.h"
#include "backend/cpu/kernels/int8_avx512-inl.h"
#include "backend/cpu/kernels/int8_rows-inl.h"

namespace mobilenet::cpu {
namespace {

constexpr FilterLayout kLayout{.block = kTwoTiles, .interleave = 2, .group = 4, .group_multiple = kTile};

int whole_tiles(int rows) { return (rows + kTwoTiles - 1) / kTwoTiles * kTwoTiles; }

std::size_t matmul_scratch(int row_count, int depth) {
  return sums_bytes(row_count) + static_cast<std::size_t>(whole_tiles(row_count)) * flipped_stride(depth);
}

// Rows of one tile, or of two above each other, through one block of filters.
struct TileTask {
  const std::uint8_t* rows;
  std::ptrdiff_t stride;
  int count;  // up to kTwoTiles
  const std::int32_t* corrections;
  std::uint8_t* output;
};

void run_tile(const MatmulTask& task, const TileTask& tile, int b) {
  const PackedFilters& filters = *task.filters;
  const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
  const std::byte* weights = block + 2 * kBlockBytes;  // behind bias and scale
  const int depth_tiles = kLayout.groups(filters.depth) / kTile;
  TileSums<std::int32_t> sums;
  const auto* const rows = reinterpret_cast<const std::byte*>(tile.rows);
  if (tile.count > kTile)
    multiply_tiles<2, 2>(rows, rows + kTile * tile.stride, tile.stride, weights, depth_tiles, {}, sums);
  else
    multiply_tiles<1, 2>(rows, nullptr, tile.stride, weights, depth_tiles, {}, sums);
  const int channel = b * kTwoTiles;
  const int channels = std::min(kTwoTiles, filters.channels - channel);
  const __m512 scale_even = _mm512_load_ps(reinterpret_cast<const float*>(block) + kTwoTiles);
  const __m512 scale_odd = _mm512_load_ps(reinterpret_cast<const float*>(block) + kTwoTiles + kTwoTiles / 2);
  const __m512i bias_even = _mm512_load_si512(block), bias_odd = _mm512_load_si512(block + kTileBytes);
  const ByteLanes to = byte_lanes(task.to_byte);
  for (int r = 0; r < tile.count; ++r) {
    const __m512i correction = _mm512_set1_epi32(tile.corrections[r]);
    const __m512i even = _mm512_add_epi32(_mm512_load_si512(&sums.values[r][0]), bias_even);
    const __m512i odd = _mm512_add_epi32(_mm512_load_si512(&sums.values[r][kTile]), bias_odd);
    store_block(_mm512_add_epi32(even, correction), _mm512_add_epi32(odd, correction), scale_even, scale_odd, to,
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
  for (int first = 0; first < task.row_count; first += kTwoTiles) {
    TileTask tile{rows + static_cast<std::size_t>(first) * stride, static_cast<std::ptrdiff_t>(stride),
                  std::min(kTwoTiles, task.row_count - first), corrections + first,
                  task.output + static_cast<std::size_t>(first) * task.output_stride};
    if (task.flip == 0 && tile.count % kTile != 0) {
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

const Int8MatmulKernels kInt8MatmulAmx{.layout = kLayout,
                                       .rows = kTwoTiles,
                                       .streamed_bytes = kStreamedBytesAmx,
                                       .scratch_bytes = &matmul_scratch,
                                       .run = &matmul};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
