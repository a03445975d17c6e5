// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The matrix product with ARM's I8MM: two rows of eight signed bytes times eight weights of two channels into 2 x 2
// sums, exactly, twice the products of DotProd's instruction. Rows are copied in pairs, eight bytes of each in turn.

#include <algorithm>
#include <cstring>

#include "simd/targets.h"

#if MOBILENET_COMPILES_NEON_EXTENSIONS
#include <arm_neon.h>
#include <hwy/base.h>

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+i8mm")
#include "backend/cpu/kernels/int8_neon-inl.h"

namespace mobilenet::cpu {
namespace {

constexpr int kBlock = 8;
constexpr int kGroup = 8;
constexpr int kTilePairs = 6;  // 24 sums + 4 weights + 1 row of 32 registers, and some to load ahead
constexpr int kChannelPairs = kBlock / 2;

std::size_t pair_bytes(int depth) { return 2 * whole_vectors(depth); }

int pairs_of(int rows) { return (rows + 1) / 2; }

std::size_t matmul_scratch(int row_count, int depth) {
  return sums_bytes(2 * pairs_of(row_count)) + static_cast<std::size_t>(pairs_of(row_count)) * pair_bytes(depth);
}

// Two rows, signed, zeros behind them.
void pack_pair(const std::uint8_t* first, const std::uint8_t* second, int depth, std::uint8_t flip, std::int8_t* out) {
  for (int d = 0; d < depth; d += kVectorBytes, out += 2 * kVectorBytes) {
    const int64x2_t a = vreinterpretq_s64_s8(signed_bytes(first + d, depth - d, flip));
    const int64x2_t b = vreinterpretq_s64_s8(signed_bytes(second + d, depth - d, flip));
    vst1q_s8(out, vreinterpretq_s8_s64(vzip1q_s64(a, b)));
    vst1q_s8(out + kVectorBytes, vreinterpretq_s8_s64(vzip2q_s64(a, b)));
  }
}

// What is added to the sums of a packed pair.
int32x2_t corrections_of(const std::int8_t* pair, int groups, int shift) {
  int32x4_t sums = vdupq_n_s32(0);  // of both rows, twice
  for (int g = 0; g < groups; ++g) sums = vmmlaq_s32(sums, vld1q_s8(pair + g * kVectorBytes), vdupq_n_s8(1));
  return vset_lane_s32(correction(shift, vgetq_lane_s32(sums, 2)),
                       vdup_n_s32(correction(shift, vgetq_lane_s32(sums, 0))), 1);
}

// One block of channels for kPairs pairs, `rows` rows.
template <int kPairs>
HWY_NOINLINE void matmul_tile(const std::int8_t* pairs, std::size_t stride, int groups, const std::byte* block,
                              const std::int32_t* corrections, int rows, const ByteLanes& to, std::uint8_t* output,
                              std::size_t output_stride, int count) {
  const auto* bias = reinterpret_cast<const std::int32_t*>(block);
  const auto* scale = reinterpret_cast<const float*>(block) + kBlock;
  const auto* weights = reinterpret_cast<const std::int8_t*>(block) + 8 * kBlock;
  int32x4_t sums[kPairs][kChannelPairs];
  HWY_UNROLL(16)
  for (int p = 0; p < kPairs; ++p) {
    const int32x4_t correction = vcombine_s32(vld1_dup_s32(corrections + 2 * p), vld1_dup_s32(corrections + 2 * p + 1));
    HWY_UNROLL(16)
    for (int c = 0; c < kChannelPairs; ++c) {
      const int32x2_t of_both = vld1_s32(bias + 2 * c);
      sums[p][c] = vaddq_s32(vcombine_s32(of_both, of_both), correction);
    }
  }
  for (int g = 0; g < groups; ++g, pairs += kVectorBytes, weights += kBlock * kGroup) {
    int8x16_t weight[kChannelPairs];
    HWY_UNROLL(16)
    for (int c = 0; c < kChannelPairs; ++c) weight[c] = vld1q_s8(weights + c * kVectorBytes);
    HWY_UNROLL(16)
    for (int p = 0; p < kPairs; ++p) {
      const int8x16_t pair = vld1q_s8(pairs + static_cast<std::size_t>(p) * stride);
      HWY_UNROLL(16)
      for (int c = 0; c < kChannelPairs; ++c) sums[p][c] = vmmlaq_s32(sums[p][c], pair, weight[c]);
    }
  }
  HWY_UNROLL(16)
  for (int p = 0; p < kPairs; ++p) {
    int64x2_t blocks[kChannelPairs];
    HWY_UNROLL(16)
    for (int c = 0; c < kChannelPairs; ++c) blocks[c] = vreinterpretq_s64_s32(sums[p][c]);
    std::uint8_t* const to_row = output + static_cast<std::size_t>(2 * p) * output_stride;
    store_eight(vreinterpretq_s32_s64(vzip1q_s64(blocks[0], blocks[1])),
                vreinterpretq_s32_s64(vzip1q_s64(blocks[2], blocks[3])), scale, to, to_row, count);
    if (2 * p + 1 < rows)
      store_eight(vreinterpretq_s32_s64(vzip2q_s64(blocks[0], blocks[1])),
                  vreinterpretq_s32_s64(vzip2q_s64(blocks[2], blocks[3])), scale, to, to_row + output_stride, count);
  }
}

using MatmulTile = void (*)(const std::int8_t*, std::size_t, int, const std::byte*, const std::int32_t*, int,
                            const ByteLanes&, std::uint8_t*, std::size_t, int);
constexpr MatmulTile kTiles[kTilePairs] = {&matmul_tile<1>, &matmul_tile<2>, &matmul_tile<3>,
                                           &matmul_tile<4>, &matmul_tile<5>, &matmul_tile<6>};

void matmul(const MatmulTask& task, std::byte* scratch) {
  const PackedFilters& filters = *task.filters;
  const int pairs = pairs_of(task.row_count), groups = (filters.depth + kGroup - 1) / kGroup;
  const std::size_t stride = pair_bytes(filters.depth);
  auto* const corrections = reinterpret_cast<std::int32_t*>(scratch);
  auto* const packed = reinterpret_cast<std::int8_t*>(scratch + sums_bytes(2 * pairs));
  for (int p = 0; p < pairs; ++p) {
    const std::uint8_t* const first = task.rows + static_cast<std::size_t>(2 * p) * task.row_stride;
    const bool both = 2 * p + 1 < task.row_count;  // else the row counts twice, and what it gives is dropped
    std::int8_t* const pair = packed + static_cast<std::size_t>(p) * stride;
    pack_pair(first, both ? first + task.row_stride : first, filters.depth, to_signed(task.flip), pair);
    vst1_s32(corrections + 2 * p, filters.shift == 0 ? vdup_n_s32(0) : corrections_of(pair, groups, filters.shift));
  }

  const int tiles = (pairs + kTilePairs - 1) / kTilePairs;
  const ByteLanes to = byte_lanes(task.to_byte);
  for (int b = task.first_block; b < task.first_block + task.block_count; ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    const int channel = b * kBlock;
    for (int tile = 0; tile < tiles; ++tile) {  // of equal heights, as nearly as can be
      const int first = pairs * tile / tiles;
      const int height = pairs * (tile + 1) / tiles - first;
      kTiles[height - 1](packed + static_cast<std::size_t>(first) * stride, stride, groups, block,
                         corrections + 2 * first, std::min(2 * height, task.row_count - 2 * first), to,
                         task.output + static_cast<std::size_t>(2 * first) * task.output_stride + channel,
                         task.output_stride, filters.channels - channel);
    }
  }
}

}  // namespace

const Int8MatmulKernels kInt8MatmulI8mm{.layout = {.block = kBlock, .group = kGroup, .signed_rows = true},
                                        .rows = 2 * kTilePairs,
                                        .scratch_bytes = &matmul_scratch,
                                        .run = &matmul};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // I8MM
