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
constexpr int kDepthwiseBlock = kVectorBytes;
constexpr std::size_t kExcessSaid = 64;  // bytes at the end of a depthwise block

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

// Four bytes a lane: the three rows of one column of a window and a zero, for a block of channels.
struct Column {
  Integers quads[4];
};

inline Column load_column(const DepthwiseRun& run, int column, std::ptrdiff_t pixel, int channel, Integers flip) {
  const std::uint8_t* const* taps = run.taps + column;
  const std::ptrdiff_t* steps = run.steps + column;
  const Integers zero = same_i8(0);
  const Integers top = exclusive_or(load_unaligned(taps[0] + pixel * steps[0] + channel), flip);
  const Integers middle = exclusive_or(load_unaligned(taps[3] + pixel * steps[3] + channel), flip);
  const Integers bottom = exclusive_or(load_unaligned(taps[6] + pixel * steps[6] + channel), flip);
  const Integers upper_low = interleave_low_8(top, middle), upper_high = interleave_high_8(top, middle);
  const Integers lower_low = interleave_low_8(bottom, zero), lower_high = interleave_high_8(bottom, zero);
  return {{interleave_low_16(upper_low, lower_low), interleave_high_16(upper_low, lower_low),
           interleave_low_16(upper_high, lower_high), interleave_high_16(upper_high, lower_high)}};
}

inline void accumulate_column(Integers (&sums)[4], const Column& column, const std::byte* weights) {
  HWY_UNROLL(4)
  for (int i = 0; i < 4; ++i)
    accumulate_quads(sums[i], column.quads[i], load(weights + static_cast<std::size_t>(i) * kVectorBytes));
}

// A block of channels of a run. kShared: how many columns of a pixel's window are those of the pixel before: 2 where
// the window moves by one column, 1 where it moves by two.
template <int kShared, bool kExcess>
HWY_NOINLINE void depthwise_3x3_block(const DepthwiseRun& run, const std::byte* block, int channel, int channels,
                                      std::size_t pixel_bytes) {
  constexpr std::size_t kColumnBytes = 4 * kVectorBytes;
  const std::byte* weights = block + 2 * kColumnBytes;
  const std::byte* excess = weights + 3 * kColumnBytes;
  const ByteOutput& output = run.to_byte;
  const Floats bound = same_float(static_cast<float>(output.high - output.zero_point));
  const Integers zero_point = same_i16(static_cast<short>(output.zero_point));
  const Integers low = same_i8(static_cast<char>(output.low));
  const Integers output_flip = same_i8(static_cast<char>(output.flip));
  const Integers flip = same_i8(static_cast<char>(run.flip));
  std::uint8_t* to = run.output + channel;

  Column left = load_column(run, 0, 0, channel, flip), middle = load_column(run, 1, 0, channel, flip), right;
  for (std::ptrdiff_t p = 0; p < run.pixels; ++p, to += pixel_bytes) {
    right = load_column(run, 2, p, channel, flip);
    Integers sums[4];
    HWY_UNROLL(4)
    for (int i = 0; i < 4; ++i) sums[i] = load(block + static_cast<std::size_t>(i) * kVectorBytes);
    accumulate_column(sums, left, weights);
    accumulate_column(sums, middle, weights + kColumnBytes);
    accumulate_column(sums, right, weights + 2 * kColumnBytes);
    if constexpr (kExcess) {
      accumulate_column(sums, left, excess);
      accumulate_column(sums, middle, excess + kColumnBytes);
      accumulate_column(sums, right, excess + 2 * kColumnBytes);
    }
    HWY_UNROLL(4)
    for (int i = 0; i < 4; ++i)
      sums[i] = rounded(sums[i], load_floats(reinterpret_cast<const float*>(block + kColumnBytes) + kLanes * i), bound);
    const Integers words_low = add_saturated_i16(narrow_i32(sums[0], sums[1]), zero_point);
    const Integers words_high = add_saturated_i16(narrow_i32(sums[2], sums[3]), zero_point);
    const Integers bytes = max_u8(narrow_i16_unsigned(words_low, words_high), low);
    store_bytes(exclusive_or(bytes, output_flip), to, channels);

    if (kShared == 2) {
      left = middle;
      middle = right;
    } else if (p + 1 < run.pixels) {
      left = kShared == 1 ? right : load_column(run, 0, p + 1, channel, flip);
      middle = load_column(run, 1, p + 1, channel, flip);
    }
  }
}

// Columns that lie `distance` apart in a window are the same bytes in the next pixel's. Rows outside the picture, which
// do not move, always are.
bool columns_repeat(const DepthwiseRun& run, int distance) {
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column + distance < 3; ++column) {
      const int tap = 3 * row + column;
      if (run.taps[tap] + run.steps[tap] != run.taps[tap + distance]) return false;
    }
  return true;
}

// Whether the windows of neighbouring pixels are neighbouring bytes.
bool pixels_adjoin(const DepthwiseRun& run) {
  for (int tap = 0; tap < 9; ++tap)
    if (run.steps[tap] != 0 && run.steps[tap] != run.filters->channels) return false;
  return true;
}

void depthwise_3x3_blocks(const DepthwiseRun& run, int shared, int channels, std::size_t pixel_bytes) {
  const PackedFilters& filters = *run.filters;
  for (int channel = 0, b = 0; channel < channels; channel += kDepthwiseBlock, ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    std::int32_t has_excess;
    std::memcpy(&has_excess, block + filters.block_bytes - kExcessSaid, sizeof has_excess);
    const int count = std::min(kDepthwiseBlock, channels - channel);
    if (shared == 2)
      (has_excess ? &depthwise_3x3_block<2, true> : &depthwise_3x3_block<2, false>)(run, block, channel, count,
                                                                                    pixel_bytes);
    else if (shared == 1)
      (has_excess ? &depthwise_3x3_block<1, true> : &depthwise_3x3_block<1, false>)(run, block, channel, count,
                                                                                    pixel_bytes);
    else
      (has_excess ? &depthwise_3x3_block<0, true> : &depthwise_3x3_block<0, false>)(run, block, channel, count,
                                                                                    pixel_bytes);
  }
}

void depthwise_3x3(const DepthwiseRun& run) {
  const int channels = run.filters->channels;
  const auto pixel_bytes = static_cast<std::size_t>(channels);
  const int shared = run.pixels == 1 ? 0 : columns_repeat(run, 1) ? 2 : columns_repeat(run, 2) ? 1 : 0;
  const int together = kDepthwiseBlock / channels;  // pixels that make one block, where they lie side by side
  if (!pixels_adjoin(run) || together < 2 || kDepthwiseBlock % channels != 0) {
    depthwise_3x3_blocks(run, shared, channels, pixel_bytes);
    return;
  }
  std::ptrdiff_t steps[9];
  for (int tap = 0; tap < 9; ++tap) steps[tap] = together * run.steps[tap];
  DepthwiseRun wide = run;
  wide.steps = steps;
  wide.pixels = run.pixels / together;
  if (wide.pixels > 0) depthwise_3x3_blocks(wide, columns_repeat(wide, 2) ? 1 : 0, kDepthwiseBlock, kDepthwiseBlock);

  const std::uint8_t* taps[9];
  const int done = wide.pixels * together;
  for (int tap = 0; tap < 9; ++tap) taps[tap] = run.taps[tap] + done * run.steps[tap];
  DepthwiseRun rest = run;
  rest.taps = taps;
  rest.pixels = run.pixels - done;
  rest.output = run.output + static_cast<std::size_t>(done) * pixel_bytes;
  if (rest.pixels > 0) depthwise_3x3_blocks(rest, shared, channels, pixel_bytes);
}

constexpr Int8MatmulKernels kMatmul{
    .layout = {kBlock, 2, kGroup}, .rows = kTileRows, .scratch_bytes = &matmul_scratch, .run = &matmul};
constexpr Int8DepthwiseKernels kDepthwise3x3{.layout = {kDepthwiseBlock, 4, kColumnRows, DepthOrder::columns},
                                             .run = &depthwise_3x3};

}  // namespace
}  // namespace mobilenet::cpu
