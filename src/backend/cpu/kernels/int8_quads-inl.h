// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// The matrix product, and the 3x3 depthwise convolution, with VPDPBUSD: four unsigned bytes times four signed weights
// into an int32, exactly (it does not saturate). Twice the rate of int16 pairs with the same instruction count, and the
// input's bytes are read as they lie. A weight minus its zero point needs nine bits, so filters hold weight + shift,
// and shift times the sum of the row's bytes is taken back. Included behind the vectors, int8_avx512-inl.h or
// int8_avx2-inl.h, once a file, inside the region that says for which instructions the file is compiled; <algorithm>,
// <array>, <cstring> and <utility> before that.

#include "backend/cpu/kernels/int8_rows-inl.h"

namespace mobilenet::cpu {
namespace {

constexpr int kLanes = kVectorBytes / 4;
constexpr int kBlock = 2 * kLanes;
constexpr int kGroup = 4;

std::size_t matmul_scratch(int row_count, int depth) {
  return sums_bytes(row_count) + static_cast<std::size_t>(row_count) * flipped_stride(depth);
}

// One block of channels for kRows rows; `corrections` are added to the sums of each row.
template <int kRows>
HWY_NOINLINE void matmul_tile(const std::uint8_t* rows, std::size_t stride, int groups, const std::byte* block,
                              const std::int32_t* corrections, const ByteOutput& to_byte, std::uint8_t* output,
                              std::size_t output_stride, int channels) {
  Integers even[kRows], odd[kRows];
  const Integers bias_even = load(block), bias_odd = load(block + kVectorBytes);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    const Integers correction = same_i32(corrections[r]);
    even[r] = add_i32(bias_even, correction);
    odd[r] = add_i32(bias_odd, correction);
  }
  const std::byte* weights = block + 4 * kVectorBytes;
  for (int g = 0; g < groups; ++g, weights += 2 * kVectorBytes) {
    const Integers weight_even = load(weights);
    const Integers weight_odd = load(weights + kVectorBytes);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      std::int32_t quad;
      std::memcpy(&quad, rows + static_cast<std::size_t>(r) * stride + static_cast<std::size_t>(g) * kGroup,
                  sizeof quad);
      const Integers row = same_i32(quad);
      accumulate_quads(even[r], row, weight_even);
      accumulate_quads(odd[r], row, weight_odd);
    }
  }
  const Floats scale_even = load_floats(reinterpret_cast<const float*>(block) + kBlock);
  const Floats scale_odd = load_floats(reinterpret_cast<const float*>(block) + kBlock + kBlock / 2);
  const ByteLanes to = byte_lanes(to_byte);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r)
    store_block(even[r], odd[r], scale_even, scale_odd, to, output + static_cast<std::size_t>(r) * output_stride,
                channels);
}

using MatmulTile = void (*)(const std::uint8_t*, std::size_t, int, const std::byte*, const std::int32_t*,
                            const ByteOutput&, std::uint8_t*, std::size_t, int);
template <int... kLess>
constexpr std::array<MatmulTile, sizeof...(kLess)> tiles_of(std::integer_sequence<int, kLess...>) {
  return {&matmul_tile<kLess + 1>...};
}
constexpr auto kTiles = tiles_of(std::make_integer_sequence<int, kTileRows>());

void matmul(const MatmulTask& task, std::byte* scratch) {
  const PackedFilters& filters = *task.filters;
  const std::uint8_t* rows = task.rows;
  std::size_t stride = task.row_stride;
  if (task.flip != 0) {
    rows = flip_rows(task, reinterpret_cast<std::uint8_t*>(scratch + sums_bytes(task.row_count)));
    stride = flipped_stride(filters.depth);
  }
  auto* corrections = reinterpret_cast<std::int32_t*>(scratch);
  find_corrections(filters, rows, stride, task.row_count, corrections);

  const int groups = (filters.depth + kGroup - 1) / kGroup;
  const int tiles = (task.row_count + kTileRows - 1) / kTileRows;
  for (int b = task.first_block; b < task.first_block + task.block_count; ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    const int channel = b * kBlock;
    const int count = std::min(kBlock, filters.channels - channel);
    for (int tile = 0; tile < tiles; ++tile) {  // of equal heights, as nearly as can be
      const int first = task.row_count * tile / tiles;
      const int height = task.row_count * (tile + 1) / tiles - first;
      kTiles[static_cast<std::size_t>(height - 1)](
          rows + static_cast<std::size_t>(first) * stride, stride, groups, block, corrections + first, task.to_byte,
          task.output + static_cast<std::size_t>(first) * task.output_stride + channel, task.output_stride, count);
    }
  }
}

// The numbers of int8_columns-inl.h.
class Columns {
 public:
  using Sums = Integers;
  static constexpr int kChannels = kVectorBytes;
  struct Column {
    Integers quads[4];
  };

  explicit Columns(const DepthwiseRun& run)
      : flip_(same_i8(static_cast<char>(run.flip))),
        bound_(same_float(static_cast<float>(run.to_byte.high - run.to_byte.zero_point))),
        zero_point_(same_i16(static_cast<short>(run.to_byte.zero_point))),
        low_(same_i8(static_cast<char>(run.to_byte.low))),
        output_flip_(same_i8(static_cast<char>(run.to_byte.flip))) {}

  HWY_INLINE Column interleave(const std::uint8_t* first, const std::uint8_t* second, const std::uint8_t* third) const {
    const Integers zero = same_i8(0);
    const Integers top = exclusive_or(load_unaligned(first), flip_);
    const Integers middle = exclusive_or(load_unaligned(second), flip_);
    const Integers bottom = exclusive_or(load_unaligned(third), flip_);
    const Integers upper_low = interleave_low_8(top, middle), upper_high = interleave_high_8(top, middle);
    const Integers lower_low = interleave_low_8(bottom, zero), lower_high = interleave_high_8(bottom, zero);
    return {{interleave_low_16(upper_low, lower_low), interleave_high_16(upper_low, lower_low),
             interleave_low_16(upper_high, lower_high), interleave_high_16(upper_high, lower_high)}};
  }
  static HWY_INLINE Integers load(const std::byte* sums) { return cpu::load(sums); }
  static HWY_INLINE void accumulate(Integers& sum, Integers quads, const std::byte* weights) {
    accumulate_quads(sum, quads, cpu::load(weights));
  }
  HWY_INLINE void store(Integers (&sums)[4], const float* scales, std::uint8_t* to, int count) const {
    HWY_UNROLL(4)
    for (int i = 0; i < 4; ++i) sums[i] = rounded(sums[i], load_floats(scales + kLanes * i), bound_);
    const Integers words_low = add_saturated_i16(narrow_i32(sums[0], sums[1]), zero_point_);
    const Integers words_high = add_saturated_i16(narrow_i32(sums[2], sums[3]), zero_point_);
    const Integers bytes = max_u8(narrow_i16_unsigned(words_low, words_high), low_);
    store_bytes(exclusive_or(bytes, output_flip_), to, count);
  }

 private:
  Integers flip_;
  Floats bound_;
  Integers zero_point_, low_, output_flip_;
};

#include "backend/cpu/kernels/int8_columns-inl.h"

constexpr Int8MatmulKernels kMatmul{
    .layout = {kBlock, 2, kGroup}, .rows = kTileRows, .scratch_bytes = &matmul_scratch, .run = &matmul};
constexpr Int8DepthwiseKernels kDepthwise3x3{.layout = {Columns::kChannels, 4, kColumnRows, DepthOrder::columns},
                                             .run = &depthwise_3x3};

}  // namespace
}  // namespace mobilenet::cpu
