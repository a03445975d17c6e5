// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Products in AMX's tiles: eight of 16 rows of 64 bytes. Four hold sums, two rows and two weights, all at full size, so
// that one configuration serves every kernel, and a load for every product keeps the unit at its peak. Included once a
// file, inside the region that says for which instructions the file is compiled, behind
//
//   #define MOBILENET_TILE_PRODUCT _tile_dpbf16ps   // (sums, rows, weights): what a file multiplies; a macro, because
//                                                   // GCC takes the numbers of tiles as they are written

#include <cstddef>
#include <cstdint>

namespace mobilenet::cpu {
namespace {

constexpr int kTile = 16;                   // rows of a tile, and elements of four bytes in each
constexpr int kTileBytes = 4 * kTile;       // of a row
constexpr int kTwoTiles = 2 * kTile;        // rows and columns of a block of sums
constexpr int kBlockBytes = 4 * kTwoTiles;  // of a row of sums, and of weights

struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileConfiguration kWholeTiles;

// float, or std::int32_t
template <class Sum>
struct TileSums {
  alignas(64) Sum values[kTwoTiles][kTwoTiles];
};

// Weights that are needed soon: so many lines of them are brought into the second-level cache for each tile along the
// depth.
struct NextWeights {
  const std::byte* at = nullptr;
  int lines = 0;
};

// Tiles 0 to 3 are sums, by rows and then columns. What else there is to add, the caller adds: tiles that begin with a
// row of sums, loaded with stride 0, cost 200 cycles more for 32 x 32 sums where the core's other thread is busy, 300
// instead of 100 for a depth of one tile.
template <int kRowTiles, int kColumnTiles>
HWY_INLINE void begin_sums() {
  constexpr bool kTall = kRowTiles == 2, kWide = kColumnTiles == 2;
  _tile_zero(0);
  if constexpr (kWide) _tile_zero(1);
  if constexpr (kTall) _tile_zero(2);
  if constexpr (kTall && kWide) _tile_zero(3);
}

template <int kRowTiles, int kColumnTiles, class Sum>
HWY_INLINE void store_tiles(TileSums<Sum>& sums) {
  constexpr bool kTall = kRowTiles == 2, kWide = kColumnTiles == 2;
  _tile_stored(0, &sums.values[0][0], kBlockBytes);
  if constexpr (kWide) _tile_stored(1, &sums.values[0][kTile], kBlockBytes);
  if constexpr (kTall) _tile_stored(2, &sums.values[kTile][0], kBlockBytes);
  if constexpr (kTall && kWide) _tile_stored(3, &sums.values[kTile][kTile], kBlockBytes);
}

HWY_INLINE void prefetch(NextWeights& next) {
  for (int line = 0; line < next.lines; ++line, next.at += 64) _mm_prefetch(next.at, _MM_HINT_T1);
}

// sums = rows * weights, over `depth_tiles` tiles along the depth, for 16 or 32 rows and columns.
//   upper, lower  the first 16 rows, and the others, where there are more
//   weights       rows of kBlockBytes, a tile's one after the other; of 16 columns only the left half is read
// Tiles 4 and 5 are rows, 6 and 7 weights.
template <int kRowTiles, int kColumnTiles, class Sum>
HWY_INLINE void multiply_tiles(const std::byte* upper, const std::byte* lower, std::ptrdiff_t row_bytes,
                               const void* weights, int depth_tiles, NextWeights next, TileSums<Sum>& sums) {
  constexpr bool kTall = kRowTiles == 2, kWide = kColumnTiles == 2;
  const auto* weight = static_cast<const std::byte*>(weights);
  begin_sums<kRowTiles, kColumnTiles>();
  for (int tile = 0; tile < depth_tiles; ++tile, weight += kTile * kBlockBytes) {
    prefetch(next);
    _tile_loadd(6, weight, kBlockBytes);
    _tile_loadd(4, upper, row_bytes);
    upper += kTileBytes;
    MOBILENET_TILE_PRODUCT(0, 4, 6);
    if constexpr (kWide) {
      _tile_loadd(7, weight + kTileBytes, kBlockBytes);
      MOBILENET_TILE_PRODUCT(1, 4, 7);
    }
    if constexpr (kTall) {
      _tile_loadd(5, lower, row_bytes);
      lower += kTileBytes;
      MOBILENET_TILE_PRODUCT(2, 5, 6);
      if constexpr (kWide) MOBILENET_TILE_PRODUCT(3, 5, 7);
    }
  }
  store_tiles<kRowTiles, kColumnTiles>(sums);
}

}  // namespace
}  // namespace mobilenet::cpu
