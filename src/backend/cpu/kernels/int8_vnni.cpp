// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// The matrix product, and the 3x3 depthwise convolution, with AVX512_VNNI: four unsigned bytes times four signed
// weights into an int32, exactly (VPDPBUSD does not saturate). Twice the rate of int16 pairs with the same instruction
// count, and the input's bytes are read as they lie. A weight minus its zero point needs nine bits, so filters hold
// weight + shift, and shift times the sum of the row's bytes is taken back.

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

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#include "backend/cpu/kernels/int8_avx512-inl.h"

namespace mobilenet::cpu {
namespace {

constexpr int kBlock = 32;
constexpr int kGroup = 4;
constexpr int kTileRows = 12;  // 24 sums + 2 weights + 1 row of 32 registers
constexpr int kDepthwiseBlock = 64;

std::size_t matmul_scratch(int row_count, int depth) {
  return sums_bytes(row_count) + static_cast<std::size_t>(row_count) * flipped_stride(depth);
}

// sum += four products a lane. Not the intrinsic: with it GCC 12 keeps a tile's sums on the stack (35 vector moves a
// step of the inner loop instead of none).
inline void accumulate_quads(__m512i& sum, __m512i bytes, __m512i weights) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(bytes), "vm"(weights));
}

// One block of channels for kRows rows; `corrections` are added to the sums of each row.
template <int kRows>
HWY_NOINLINE void matmul_tile(const std::uint8_t* rows, std::size_t stride, int groups, const std::byte* block,
                              const std::int32_t* corrections, const ByteOutput& to_byte, std::uint8_t* output,
                              std::size_t output_stride, __mmask32 channels) {
  __m512i even[kRows], odd[kRows];
  const __m512i bias_even = _mm512_load_si512(block), bias_odd = _mm512_load_si512(block + kVectorBytes);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    const __m512i correction = _mm512_set1_epi32(corrections[r]);
    even[r] = _mm512_add_epi32(bias_even, correction);
    odd[r] = _mm512_add_epi32(bias_odd, correction);
  }
  const std::byte* weights = block + 4 * kVectorBytes;
  for (int g = 0; g < groups; ++g, weights += 2 * kVectorBytes) {
    const __m512i weight_even = _mm512_load_si512(weights);
    const __m512i weight_odd = _mm512_load_si512(weights + kVectorBytes);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      std::int32_t quad;
      std::memcpy(&quad, rows + static_cast<std::size_t>(r) * stride + static_cast<std::size_t>(g) * kGroup,
                  sizeof quad);
      const __m512i row = _mm512_set1_epi32(quad);
      accumulate_quads(even[r], row, weight_even);
      accumulate_quads(odd[r], row, weight_odd);
    }
  }
  const __m512 scale_even = _mm512_load_ps(reinterpret_cast<const float*>(block) + kBlock);
  const __m512 scale_odd = _mm512_load_ps(reinterpret_cast<const float*>(block) + kBlock + kBlock / 2);
  const ByteLanes to = byte_lanes(to_byte);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r)
    store_block(even[r], odd[r], scale_even, scale_odd, to, output + static_cast<std::size_t>(r) * output_stride,
                channels);
}

using MatmulTile = void (*)(const std::uint8_t*, std::size_t, int, const std::byte*, const std::int32_t*,
                            const ByteOutput&, std::uint8_t*, std::size_t, __mmask32);
constexpr MatmulTile kTiles[kTileRows] = {&matmul_tile<1>, &matmul_tile<2>,  &matmul_tile<3>,  &matmul_tile<4>,
                                          &matmul_tile<5>, &matmul_tile<6>,  &matmul_tile<7>,  &matmul_tile<8>,
                                          &matmul_tile<9>, &matmul_tile<10>, &matmul_tile<11>, &matmul_tile<12>};

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
    const auto channels = static_cast<__mmask32>(~std::uint32_t{0} >> (kBlock - count));
    for (int tile = 0; tile < tiles; ++tile) {  // of equal heights, as nearly as can be
      const int first = task.row_count * tile / tiles;
      const int height = task.row_count * (tile + 1) / tiles - first;
      kTiles[height - 1](rows + static_cast<std::size_t>(first) * stride, stride, groups, block, corrections + first,
                         task.to_byte, task.output + static_cast<std::size_t>(first) * task.output_stride + channel,
                         task.output_stride, channels);
    }
  }
}

// Four bytes a lane: the three rows of one column of a window and a zero, for 64 channels.
struct Column {
  __m512i quads[4];
};

inline Column load_column(const DepthwiseRun& run, int column, std::ptrdiff_t pixel, int channel, __m512i flip) {
  const std::uint8_t* const* taps = run.taps + column;
  const std::ptrdiff_t* steps = run.steps + column;
  const __m512i zero = _mm512_setzero_si512();
  const __m512i top = _mm512_xor_si512(_mm512_loadu_si512(taps[0] + pixel * steps[0] + channel), flip);
  const __m512i middle = _mm512_xor_si512(_mm512_loadu_si512(taps[3] + pixel * steps[3] + channel), flip);
  const __m512i bottom = _mm512_xor_si512(_mm512_loadu_si512(taps[6] + pixel * steps[6] + channel), flip);
  const __m512i upper_low = _mm512_unpacklo_epi8(top, middle), upper_high = _mm512_unpackhi_epi8(top, middle);
  const __m512i lower_low = _mm512_unpacklo_epi8(bottom, zero), lower_high = _mm512_unpackhi_epi8(bottom, zero);
  return {{_mm512_unpacklo_epi16(upper_low, lower_low), _mm512_unpackhi_epi16(upper_low, lower_low),
           _mm512_unpacklo_epi16(upper_high, lower_high), _mm512_unpackhi_epi16(upper_high, lower_high)}};
}

inline void accumulate_column(__m512i (&sums)[4], const Column& column, const std::byte* weights) {
  HWY_UNROLL(4)
  for (int i = 0; i < 4; ++i)
    accumulate_quads(sums[i], column.quads[i], _mm512_load_si512(weights + static_cast<std::size_t>(i) * kVectorBytes));
}

// 64 channels of a run. kShared: how many columns of a pixel's window are those of the pixel before: 2 where the window
// moves by one column, 1 where it moves by two.
template <int kShared, bool kExcess>
HWY_NOINLINE void depthwise_3x3_block(const DepthwiseRun& run, const std::byte* block, int channel, __mmask64 channels,
                                      std::size_t pixel_bytes) {
  constexpr std::size_t kColumnBytes = 4 * kVectorBytes;
  const std::byte* weights = block + 2 * kColumnBytes;
  const std::byte* excess = weights + 3 * kColumnBytes;
  const ByteOutput& output = run.to_byte;
  const __m512 bound = _mm512_set1_ps(static_cast<float>(output.high - output.zero_point));
  const __m512i zero_point = _mm512_set1_epi16(static_cast<short>(output.zero_point));
  const __m512i low = _mm512_set1_epi8(static_cast<char>(output.low));
  const __m512i output_flip = _mm512_set1_epi8(static_cast<char>(output.flip));
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(run.flip));
  std::uint8_t* to = run.output + channel;

  Column left = load_column(run, 0, 0, channel, flip), middle = load_column(run, 1, 0, channel, flip), right;
  for (std::ptrdiff_t p = 0; p < run.pixels; ++p, to += pixel_bytes) {
    right = load_column(run, 2, p, channel, flip);
    __m512i sums[4];
    HWY_UNROLL(4)
    for (int i = 0; i < 4; ++i) sums[i] = _mm512_load_si512(block + static_cast<std::size_t>(i) * kVectorBytes);
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
      sums[i] = rounded(sums[i], _mm512_load_ps(reinterpret_cast<const float*>(block + kColumnBytes) + 16 * i), bound);
    const __m512i words_low = _mm512_adds_epi16(_mm512_packs_epi32(sums[0], sums[1]), zero_point);
    const __m512i words_high = _mm512_adds_epi16(_mm512_packs_epi32(sums[2], sums[3]), zero_point);
    const __m512i bytes = _mm512_max_epu8(_mm512_packus_epi16(words_low, words_high), low);
    _mm512_mask_storeu_epi8(to, channels, _mm512_xor_si512(bytes, output_flip));

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
    std::memcpy(&has_excess, block + filters.block_bytes - kVectorBytes, sizeof has_excess);
    const int count = std::min(kDepthwiseBlock, channels - channel);
    const auto mask = static_cast<__mmask64>(~std::uint64_t{0} >> (kDepthwiseBlock - count));
    if (shared == 2)
      (has_excess ? &depthwise_3x3_block<2, true> : &depthwise_3x3_block<2, false>)(run, block, channel, mask,
                                                                                    pixel_bytes);
    else if (shared == 1)
      (has_excess ? &depthwise_3x3_block<1, true> : &depthwise_3x3_block<1, false>)(run, block, channel, mask,
                                                                                    pixel_bytes);
    else
      (has_excess ? &depthwise_3x3_block<0, true> : &depthwise_3x3_block<0, false>)(run, block, channel, mask,
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

}  // namespace

const Int8MatmulKernels kInt8MatmulVnni{
    .layout = {kBlock, 2, kGroup}, .rows = kTileRows, .scratch_bytes = &matmul_scratch, .run = &matmul};
const Int8DepthwiseKernels kInt8Depthwise3x3Vnni{.layout = {kDepthwiseBlock, 4, kColumnRows, DepthOrder::columns},
                                                 .run = &depthwise_3x3};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // AVX-512
