// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The matrix product, and the 3x3 depthwise convolution, with ARM's DotProd: four signed bytes times four signed
// weights into an int32, exactly. Files of signed bytes are read as they lie. As on x86 (int8_vnni.cpp) filters hold
// weight + shift, which files of unsigned weights need.

#include <algorithm>
#include <cstring>

#include "simd/targets.h"

#if MOBILENET_COMPILES_NEON_EXTENSIONS
#include <arm_neon.h>
#include <hwy/base.h>

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")
#include "backend/cpu/kernels/int8_neon-inl.h"

namespace mobilenet::cpu {
namespace {

constexpr int kBlock = 8;
constexpr int kGroup = 4;
constexpr int kLaneGroups = 4;  // of a vector of a row, each multiplied from its lane
constexpr int kTileRows = 8;    // 16 sums + 8 weights + 1 row of 32 registers, and room to load ahead

std::size_t matmul_scratch(int row_count, int depth) {
  return sums_bytes(row_count) + static_cast<std::size_t>(row_count) * whole_vectors(depth);
}

// The task's rows as signed bytes, whole vectors apart, in `out`.
void flip_rows(const MatmulTask& task, std::uint8_t* out) {
  const uint8x16_t flip = vdupq_n_u8(to_signed(task.flip));
  const std::size_t stride = whole_vectors(task.filters->depth);
  for (int r = 0; r < task.row_count; ++r, out += stride) {
    const std::uint8_t* row = task.rows + static_cast<std::size_t>(r) * task.row_stride;
    for (std::size_t d = 0; d < stride; d += kVectorBytes) vst1q_u8(out + d, veorq_u8(vld1q_u8(row + d), flip));
  }
}

std::int32_t sum_of_bytes(const std::uint8_t* row, int depth) {
  int32x4_t sum = vdupq_n_s32(0);
  for (int d = 0; d < depth; d += kVectorBytes)
    sum = vdotq_s32(sum, signed_bytes(row + d, depth - d, 0), vdupq_n_s8(1));
  return vaddvq_s32(sum);
}

// The group in lane kLane of each row, times its weights.
template <int kLane, int kRows>
HWY_INLINE void add_group(int32x4_t (&sums)[kRows][2], const int8x16_t (&rows)[kRows], const std::int8_t* weights) {
  const int8x16_t low = vld1q_s8(weights), high = vld1q_s8(weights + kVectorBytes);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = vdotq_laneq_s32(sums[r][0], low, rows[r], kLane);
    sums[r][1] = vdotq_laneq_s32(sums[r][1], high, rows[r], kLane);
  }
}

// One block of channels for kRows rows; `corrections` are added to the sums of each row.
template <int kRows>
HWY_NOINLINE void matmul_tile(const std::uint8_t* rows, std::size_t stride, int groups, const std::byte* block,
                              const std::int32_t* corrections, const ByteLanes& to, std::uint8_t* output,
                              std::size_t output_stride, int count) {
  const auto* bias = reinterpret_cast<const std::int32_t*>(block);
  const auto* scale = reinterpret_cast<const float*>(block) + kBlock;
  const auto* weights = reinterpret_cast<const std::int8_t*>(block) + 8 * kBlock;
  int32x4_t sums[kRows][2];
  int8x16_t values[kRows];
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    const int32x4_t correction = vdupq_n_s32(corrections[r]);
    sums[r][0] = vaddq_s32(vld1q_s32(bias), correction);
    sums[r][1] = vaddq_s32(vld1q_s32(bias + 4), correction);
  }
  for (; groups > 0; groups -= kLaneGroups, rows += kVectorBytes) {
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r)
      values[r] = vreinterpretq_s8_u8(vld1q_u8(rows + static_cast<std::size_t>(r) * stride));
    constexpr int kStep = kBlock * kGroup;
    add_group<0>(sums, values, weights);
    weights += kStep;
    if (groups < kLaneGroups) {  // the last ones
      if (groups > 1) add_group<1>(sums, values, weights);
      if (groups > 2) add_group<2>(sums, values, weights + kStep);
      break;
    }
    add_group<1>(sums, values, weights);
    add_group<2>(sums, values, weights + kStep);
    add_group<3>(sums, values, weights + 2 * kStep);
    weights += 3 * kStep;
  }
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r)
    store_eight(sums[r][0], sums[r][1], scale, to, output + static_cast<std::size_t>(r) * output_stride, count);
}

using MatmulTile = void (*)(const std::uint8_t*, std::size_t, int, const std::byte*, const std::int32_t*,
                            const ByteLanes&, std::uint8_t*, std::size_t, int);
constexpr MatmulTile kTiles[kTileRows] = {&matmul_tile<1>, &matmul_tile<2>, &matmul_tile<3>, &matmul_tile<4>,
                                          &matmul_tile<5>, &matmul_tile<6>, &matmul_tile<7>, &matmul_tile<8>};

void matmul(const MatmulTask& task, std::byte* scratch) {
  const PackedFilters& filters = *task.filters;
  const std::uint8_t* rows = task.rows;
  std::size_t stride = task.row_stride;
  if (to_signed(task.flip) != 0) {
    auto* const flipped = reinterpret_cast<std::uint8_t*>(scratch + sums_bytes(task.row_count));
    flip_rows(task, flipped);
    rows = flipped;
    stride = whole_vectors(filters.depth);
  }
  auto* corrections = reinterpret_cast<std::int32_t*>(scratch);
  for (int r = 0; r < task.row_count; ++r)
    corrections[r] =
        filters.shift == 0
            ? 0
            : correction(filters.shift, sum_of_bytes(rows + static_cast<std::size_t>(r) * stride, filters.depth));

  const int groups = (filters.depth + kGroup - 1) / kGroup;
  const int tiles = (task.row_count + kTileRows - 1) / kTileRows;
  const ByteLanes to = byte_lanes(task.to_byte);
  for (int b = task.first_block; b < task.first_block + task.block_count; ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    const int channel = b * kBlock;
    for (int tile = 0; tile < tiles; ++tile) {  // of equal heights, as nearly as can be
      const int first = task.row_count * tile / tiles;
      const int height = task.row_count * (tile + 1) / tiles - first;
      kTiles[height - 1](rows + static_cast<std::size_t>(first) * stride, stride, groups, block, corrections + first,
                         to, task.output + static_cast<std::size_t>(first) * task.output_stride + channel,
                         task.output_stride, filters.channels - channel);
    }
  }
}

// The numbers of int8_columns-inl.h.
class Columns {
 public:
  using Sums = int32x4_t;
  static constexpr int kChannels = 16;
  struct Column {
    int8x16_t quads[4];
  };

  explicit Columns(const DepthwiseRun& run) : flip_(vdupq_n_u8(to_signed(run.flip))), to_(byte_lanes(run.to_byte)) {}

  HWY_INLINE Column interleave(const std::uint8_t* top, const std::uint8_t* middle, const std::uint8_t* bottom) const {
    const int8x16_t rows[3] = {load_signed(top), load_signed(middle), load_signed(bottom)};
    const int8x16_t zero = vdupq_n_s8(0);
    const int16x8_t upper_low = vreinterpretq_s16_s8(vzip1q_s8(rows[0], rows[1]));
    const int16x8_t upper_high = vreinterpretq_s16_s8(vzip2q_s8(rows[0], rows[1]));
    const int16x8_t lower_low = vreinterpretq_s16_s8(vzip1q_s8(rows[2], zero));
    const int16x8_t lower_high = vreinterpretq_s16_s8(vzip2q_s8(rows[2], zero));
    return {{vreinterpretq_s8_s16(vzip1q_s16(upper_low, lower_low)),
             vreinterpretq_s8_s16(vzip2q_s16(upper_low, lower_low)),
             vreinterpretq_s8_s16(vzip1q_s16(upper_high, lower_high)),
             vreinterpretq_s8_s16(vzip2q_s16(upper_high, lower_high))}};
  }
  static HWY_INLINE int32x4_t load(const std::byte* sums) {
    return vld1q_s32(reinterpret_cast<const std::int32_t*>(sums));
  }
  static HWY_INLINE void accumulate(int32x4_t& sum, int8x16_t quads, const std::byte* weights) {
    sum = vdotq_s32(sum, quads, vld1q_s8(reinterpret_cast<const std::int8_t*>(weights)));
  }
  HWY_INLINE void store(int32x4_t (&sums)[4], const float* scales, std::uint8_t* to, int count) const {
    HWY_UNROLL(4)
    for (int i = 0; i < 4; ++i) sums[i] = rounded(sums[i], vld1q_f32(scales + 4 * i));
    const uint8x16_t bytes =
        bounded(vcombine_u8(narrowed(sums[0], sums[1], to_), narrowed(sums[2], sums[3], to_)), to_);
    if (count >= kChannels) {
      vst1q_u8(to, bytes);
    } else {
      std::uint8_t buffer[kChannels];
      vst1q_u8(buffer, bytes);
      std::memcpy(to, buffer, static_cast<std::size_t>(count));
    }
  }

 private:
  HWY_INLINE int8x16_t load_signed(const std::uint8_t* from) const {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), flip_));
  }

  uint8x16_t flip_;
  ByteLanes to_;
};

#include "backend/cpu/kernels/int8_columns-inl.h"

}  // namespace

const Int8MatmulKernels kInt8MatmulDot{.layout = {.block = kBlock, .group = kGroup, .signed_rows = true},
                                       .rows = kTileRows,
                                       .scratch_bytes = &matmul_scratch,
                                       .run = &matmul};
const Int8DepthwiseKernels kInt8Depthwise3x3Dot{
    .layout = {.block = Columns::kChannels, .group = kColumnRows, .order = DepthOrder::columns, .signed_rows = true},
    .run = &depthwise_3x3};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // DotProd
