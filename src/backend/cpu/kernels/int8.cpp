// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8.h"

// One formulation for every instruction set: bytes widened to int16 and multiplied in pairs into int32 (pmaddwd and its
// like). Exact: a weight minus its zero point lies in [-255, 255], a byte in [0, 255], so a pair of products fits.

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/int8.cpp"
// The order of the Highway headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// Without vectors the compiler is left to vectorise plain loops for the baseline. Sums are unsigned: they may wrap
// around, as vectors do.
constexpr int kMatmulRows = 1;
constexpr FilterLayout kMatmulLayout = {1, 1, 2};  // a channel's weights side by side: dot products
constexpr int kBlock = 16;
constexpr FilterLayout kDepthwiseLayout = {kBlock, 1, 2};

HWY_INLINE std::uint8_t to_byte(std::uint32_t sum, float scale, const ByteOutput& output) {
  // Adding 1.5 * 2^23 rounds to the nearest even integer, which is then in the low bits.
  constexpr float kMagic = 12582912.0f;
  float value = static_cast<float>(static_cast<std::int32_t>(sum)) * scale;
  value = std::max(value, static_cast<float>(output.low - output.zero_point));
  value = std::min(value, static_cast<float>(output.high - output.zero_point));
  const float rounded = (value + kMagic) - kMagic;
  return static_cast<std::uint8_t>((static_cast<std::int32_t>(rounded) + output.zero_point) ^ output.flip);
}

std::size_t matmul_scratch(int /*row_count*/, int depth) {
  return static_cast<std::size_t>(depth) * sizeof(std::int16_t);
}

std::uint32_t dot(std::uint32_t bias, const std::int16_t* HWY_RESTRICT a, const std::int16_t* HWY_RESTRICT b,
                  int count) {
  for (int i = 0; i < count; ++i) bias += static_cast<std::uint32_t>(a[i] * b[i]);
  return bias;
}

void matmul(const MatmulTask& task, std::byte* scratch) {
  const PackedFilters& filters = *task.filters;
  auto* row = reinterpret_cast<std::int16_t*>(scratch);
  for (int r = 0; r < task.row_count; ++r) {
    const std::uint8_t* source = task.rows + static_cast<std::size_t>(r) * task.row_stride;
    std::uint8_t* output = task.output + static_cast<std::size_t>(r) * task.output_stride;
    for (int d = 0; d < filters.depth; ++d) row[d] = static_cast<std::int16_t>(source[d] ^ task.flip);
    for (int c = task.first_block; c < task.first_block + task.block_count; ++c) {
      const std::byte* block = filters.blocks + static_cast<std::size_t>(c) * filters.block_bytes;
      std::uint32_t bias;
      float scale;
      std::memcpy(&bias, block, sizeof bias);
      std::memcpy(&scale, block + sizeof bias, sizeof scale);
      const auto* weights = reinterpret_cast<const std::int16_t*>(block + sizeof bias + sizeof scale);
      output[c] = to_byte(dot(bias, row, weights, filters.depth), scale, task.to_byte);
    }
  }
}

void depthwise(const DepthwiseRun& run) {
  const PackedFilters& filters = *run.filters;
  for (int channel = 0, b = 0; channel < filters.channels; channel += kBlock, ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    const auto* scale = reinterpret_cast<const float*>(block) + kBlock;
    const auto* weights = reinterpret_cast<const std::int16_t*>(block) + 4 * kBlock;
    const int count = std::min(kBlock, filters.channels - channel);
    for (int p = 0; p < run.pixels; ++p) {
      std::uint32_t sums[kBlock];
      std::memcpy(sums, block, sizeof sums);
      for (int t = 0; t < filters.depth; ++t) {
        const std::uint8_t* tap = run.taps[t] + p * run.steps[t] + channel;
        const std::int16_t* weight = weights + (t / 2) * 2 * kBlock + t % 2;
        for (int c = 0; c < kBlock; ++c) sums[c] += static_cast<std::uint32_t>((tap[c] ^ run.flip) * weight[2 * c]);
      }
      std::uint8_t* output = run.output + static_cast<std::size_t>(p) * static_cast<std::size_t>(filters.channels);
      for (int c = 0; c < count; ++c) output[channel + c] = to_byte(sums[c], scale[c], run.to_byte);
    }
  }
}

void add(const AddTask& task) {
  const ByteOutput& to = task.to_byte;
  for (std::size_t i = 0; i < task.count; ++i) {
    const std::int32_t sum =
        task.bias + (task.a[i] ^ task.a_flip) * task.a_multiplier + (task.b[i] ^ task.b_flip) * task.b_multiplier;
    const std::int32_t value = std::clamp((sum >> task.shift) + to.zero_point, to.low, to.high);
    task.output[i] = static_cast<std::uint8_t>(value ^ to.flip);
  }
}

void sum(const SumTask& task) {
  std::fill_n(task.sums, task.channels, 0);
  for (std::size_t r = 0; r < task.row_count; ++r) {
    const std::uint8_t* row = task.rows + r * task.row_stride;
    for (int c = 0; c < task.channels; ++c) task.sums[c] += row[c] ^ task.flip;
  }
}

#else  // vectors

constexpr hn::ScalableTag<std::int32_t> kI32;
constexpr hn::ScalableTag<float> kF32;
constexpr hn::ScalableTag<std::int16_t> kI16;
constexpr hn::Rebind<std::uint8_t, hn::ScalableTag<std::int16_t> > kHalfBytes;  // as many bytes as int16 lanes
using VecI32 = hn::Vec<hn::ScalableTag<std::int32_t> >;
using VecF32 = hn::Vec<hn::ScalableTag<float> >;
using VecI16 = hn::Vec<hn::ScalableTag<std::int16_t> >;
using VecBytes = hn::Vec<hn::Rebind<std::uint8_t, hn::ScalableTag<std::int16_t> > >;

constexpr int kLanes = static_cast<int>(HWY_LANES(std::int32_t));
constexpr int kBlock = 2 * kLanes;
constexpr FilterLayout kMatmulLayout = {kBlock, 2, 2};
constexpr FilterLayout kDepthwiseLayout = kMatmulLayout;

// Accumulators: rows * 2, beside two vectors of weights, one of the row and one product. NEON's multiply-accumulate
// widens into two vectors each.
#if HWY_TARGET == HWY_AVX3
constexpr int kMatmulRows = 12;
#elif HWY_TARGET == HWY_AVX2
constexpr int kMatmulRows = 6;
#else
constexpr int kMatmulRows = 4;
#endif

// A sum of products of int16 pairs, begun with the bias and held in one vector (x86) or two whose neighbours are added
// in the end (NEON). The bias comes first because GCC 12, asked to add it last, no longer keeps a tile in registers.
HWY_INLINE void start_sum(VecI32& low, VecI32& high, const std::int32_t* bias) {
#if HWY_TARGET == HWY_NEON
  low = hn::InterleaveLower(kI32, hn::Load(kI32, bias), hn::Zero(kI32));
  high = hn::InterleaveUpper(kI32, hn::Load(kI32, bias), hn::Zero(kI32));
#else
  low = hn::Load(kI32, bias);
  high = hn::Zero(kI32);
#endif
}

HWY_INLINE void multiply_pairs(VecI32& low, VecI32& high, VecI16 a, VecI16 b) {
  low = hn::ReorderWidenMulAccumulate(kI32, a, b, low, high);
}

HWY_INLINE VecI32 total(VecI32 low, VecI32 high) { return hn::RearrangeToOddPlusEven(low, high); }

// ByteOutput as vectors.
struct ByteLanes {
  VecF32 low, high;    // minus the zero point
  VecI32 minus_magic;  // takes the rounding constant's bits away and adds the zero point
  VecBytes flip;
};

HWY_INLINE ByteLanes byte_lanes(const ByteOutput& output) {
  constexpr std::int32_t kMagicBits = 0x4b400000;
  return {hn::Set(kF32, static_cast<float>(output.low - output.zero_point)),
          hn::Set(kF32, static_cast<float>(output.high - output.zero_point)),
          hn::Set(kI32, kMagicBits - output.zero_point), hn::Set(kHalfBytes, output.flip)};
}

// Adding 1.5 * 2^23 rounds to the nearest even integer, which is then in the low bits. Clamping comes first, so that
// the sum stays in the range where this holds; the bounds are integers, so the order does not matter.
HWY_INLINE VecI32 round_lanes(VecI32 sum, VecF32 scale, const ByteLanes& to) {
  VecF32 value = hn::Mul(hn::ConvertTo(kF32, sum), scale);
  value = hn::Min(hn::Max(value, to.low), to.high);
  return hn::Sub(hn::BitCast(kI32, hn::Add(value, hn::Set(kF32, 12582912.0f))), to.minus_magic);
}

HWY_INLINE void store_bytes(VecI32 even, VecI32 odd, const ByteLanes& to, std::uint8_t* output, int count) {
  const VecI16 words = hn::ReorderDemote2To(kI16, even, odd);
  const VecBytes bytes = hn::Xor(hn::DemoteTo(kHalfBytes, words), to.flip);
  if (count >= kBlock) {
    hn::StoreU(bytes, kHalfBytes, output);
  } else {
    HWY_ALIGN std::uint8_t buffer[kBlock];
    hn::Store(bytes, kHalfBytes, buffer);
    std::memcpy(output, buffer, static_cast<std::size_t>(count));
  }
}

HWY_INLINE void store_block(VecI32 even, VecI32 odd, const float* scale, const ByteLanes& to, std::uint8_t* output,
                            int count) {
  store_bytes(round_lanes(even, hn::Load(kF32, scale), to), round_lanes(odd, hn::Load(kF32, scale + kLanes), to), to,
              output, count);
}

std::size_t widened_stride(int depth) { return static_cast<std::size_t>(depth + kBlock - 1) / kBlock * kBlock; }

std::size_t matmul_scratch(int row_count, int depth) {
  return static_cast<std::size_t>(row_count) * widened_stride(depth) * sizeof(std::int16_t);
}

// One block of channels for kRows widened rows.
template <int kRows>
HWY_INLINE void matmul_tile(const std::int16_t* HWY_RESTRICT rows, std::size_t stride, int pairs,
                            const std::byte* HWY_RESTRICT block, const ByteLanes& to, std::uint8_t* output,
                            std::size_t output_stride, int count) {
  const auto* bias = reinterpret_cast<const std::int32_t*>(block);
  const auto* scale = reinterpret_cast<const float*>(block) + kBlock;
  const auto* weights = reinterpret_cast<const std::int16_t*>(block) + 4 * kBlock;
  VecI32 even[kRows], odd[kRows], even_high[kRows], odd_high[kRows];
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    start_sum(even[r], even_high[r], bias);
    start_sum(odd[r], odd_high[r], bias + kLanes);
  }
  for (int p = 0; p < pairs; ++p, weights += 2 * kBlock) {
    const VecI16 weight_even = hn::Load(kI16, weights);
    const VecI16 weight_odd = hn::Load(kI16, weights + kBlock);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      std::int32_t pair;
      std::memcpy(&pair, rows + static_cast<std::size_t>(r) * stride + 2 * p, sizeof pair);
      const VecI16 row = hn::BitCast(kI16, hn::Set(kI32, pair));
      multiply_pairs(even[r], even_high[r], row, weight_even);
      multiply_pairs(odd[r], odd_high[r], row, weight_odd);
    }
  }
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r)
    store_block(total(even[r], even_high[r]), total(odd[r], odd_high[r]), scale, to,
                output + static_cast<std::size_t>(r) * output_stride, count);
}

template <int kRows>
HWY_NOINLINE void matmul_rows(const std::int16_t* rows, std::size_t stride, int pairs, const std::byte* block,
                              const ByteOutput& to_byte, std::uint8_t* output, std::size_t output_stride, int count) {
  matmul_tile<kRows>(rows, stride, pairs, block, byte_lanes(to_byte), output, output_stride, count);
}

using MatmulRows = void (*)(const std::int16_t*, std::size_t, int, const std::byte*, const ByteOutput&, std::uint8_t*,
                            std::size_t, int);
constexpr MatmulRows kMatmulByRows[] = {
    &matmul_rows<1>, &matmul_rows<2>, &matmul_rows<3>, &matmul_rows<4>,
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    &matmul_rows<5>, &matmul_rows<6>,
#endif
#if HWY_TARGET == HWY_AVX3
    &matmul_rows<7>, &matmul_rows<8>, &matmul_rows<9>, &matmul_rows<10>, &matmul_rows<11>, &matmul_rows<12>,
#endif
};
static_assert(sizeof kMatmulByRows / sizeof *kMatmulByRows == kMatmulRows);

void matmul(const MatmulTask& task, std::byte* scratch) {
  const PackedFilters& filters = *task.filters;
  const int pairs = (filters.depth + 1) / 2;
  const std::size_t stride = widened_stride(filters.depth);
  auto* widened = reinterpret_cast<std::int16_t*>(scratch);
  const VecBytes flip = hn::Set(kHalfBytes, task.flip);
  for (int r = 0; r < task.row_count; ++r) {
    const std::uint8_t* row = task.rows + static_cast<std::size_t>(r) * task.row_stride;
    std::int16_t* out = widened + static_cast<std::size_t>(r) * stride;
    // What is read past the depth meets weights of zero.
    for (int d = 0; d < filters.depth; d += kBlock)
      hn::Store(hn::PromoteTo(kI16, hn::Xor(hn::LoadU(kHalfBytes, row + d), flip)), kI16, out + d);
  }
  const int tiles = (task.row_count + kMatmulRows - 1) / kMatmulRows;
  for (int b = task.first_block; b < task.first_block + task.block_count; ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    const int channel = b * kBlock;
    for (int tile = 0; tile < tiles; ++tile) {  // of equal heights, as nearly as can be
      const int first = task.row_count * tile / tiles;
      const int rows = task.row_count * (tile + 1) / tiles - first;
      kMatmulByRows[rows - 1](widened + static_cast<std::size_t>(first) * stride, stride, pairs, block, task.to_byte,
                              task.output + static_cast<std::size_t>(first) * task.output_stride + channel,
                              task.output_stride, filters.channels - channel);
    }
  }
}

// kTaps 0: as many as the filters say.
template <int kTaps>
HWY_INLINE void depthwise_run(const DepthwiseRun& run) {
  const PackedFilters& filters = *run.filters;
  const int taps = kTaps > 0 ? kTaps : filters.depth;
  const ByteLanes to = byte_lanes(run.to_byte);
  const VecBytes flip = hn::Set(kHalfBytes, run.flip);
  for (int channel = 0, b = 0; channel < filters.channels; channel += kBlock, ++b) {
    const std::byte* block = filters.blocks + static_cast<std::size_t>(b) * filters.block_bytes;
    const auto* bias = reinterpret_cast<const std::int32_t*>(block);
    const auto* scale = reinterpret_cast<const float*>(block) + kBlock;
    const auto* weights = reinterpret_cast<const std::int16_t*>(block) + 4 * kBlock;
    const int count = filters.channels - channel;
    for (int p = 0; p < run.pixels; ++p) {
      VecI32 even, odd, even_high, odd_high;
      start_sum(even, even_high, bias);
      start_sum(odd, odd_high, bias + kLanes);
      HWY_UNROLL(8)
      for (int t = 0; t < taps; t += 2) {
        const VecI16 first =
            hn::PromoteTo(kI16, hn::Xor(hn::LoadU(kHalfBytes, run.taps[t] + p * run.steps[t] + channel), flip));
        VecI16 second = hn::Zero(kI16);
        if (t + 1 < taps)
          second = hn::PromoteTo(
              kI16, hn::Xor(hn::LoadU(kHalfBytes, run.taps[t + 1] + p * run.steps[t + 1] + channel), flip));
        multiply_pairs(even, even_high, hn::InterleaveLower(kI16, first, second), hn::Load(kI16, weights + t * kBlock));
        multiply_pairs(odd, odd_high, hn::InterleaveUpper(kI16, first, second),
                       hn::Load(kI16, weights + (t + 1) * kBlock));
      }
      store_block(total(even, even_high), total(odd, odd_high), scale, to,
                  run.output + static_cast<std::size_t>(p) * static_cast<std::size_t>(filters.channels) + channel,
                  count);
    }
  }
}

void depthwise(const DepthwiseRun& run) {
  if (run.filters->depth == 9)
    depthwise_run<9>(run);
  else
    depthwise_run<0>(run);
}

// `count` up to a vector of int32 lanes. Reads no further.
HWY_INLINE void add_lanes(const AddTask& task, const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* output) {
  const hn::Rebind<std::uint8_t, hn::ScalableTag<std::int32_t> > bytes;
  const ByteOutput& to = task.to_byte;
  const VecI32 wide_a = hn::PromoteTo(kI32, hn::Xor(hn::LoadU(bytes, a), hn::Set(bytes, task.a_flip)));
  const VecI32 wide_b = hn::PromoteTo(kI32, hn::Xor(hn::LoadU(bytes, b), hn::Set(bytes, task.b_flip)));
  VecI32 sum = hn::Add(hn::Set(kI32, task.bias), hn::Mul(wide_a, hn::Set(kI32, task.a_multiplier)));
  sum = hn::Add(sum, hn::Mul(wide_b, hn::Set(kI32, task.b_multiplier)));
  sum = hn::Add(hn::ShiftRightSame(sum, task.shift), hn::Set(kI32, to.zero_point));
  sum = hn::Min(hn::Max(sum, hn::Set(kI32, to.low)), hn::Set(kI32, to.high));
  hn::StoreU(hn::Xor(hn::DemoteTo(bytes, sum), hn::Set(bytes, to.flip)), bytes, output);
}

void add(const AddTask& task) {
  std::size_t i = 0;
  for (; i + kLanes <= task.count; i += kLanes) add_lanes(task, task.a + i, task.b + i, task.output + i);
  if (i == task.count) return;
  std::uint8_t a[kLanes] = {}, b[kLanes] = {}, output[kLanes];
  std::memcpy(a, task.a + i, task.count - i);
  std::memcpy(b, task.b + i, task.count - i);
  add_lanes(task, a, b, output);
  std::memcpy(task.output + i, output, task.count - i);
}

void sum(const SumTask& task) {
  const hn::Rebind<std::uint8_t, hn::ScalableTag<std::int32_t> > bytes;
  const auto flip = hn::Set(bytes, task.flip);
  int c = 0;
  for (; c + kLanes <= task.channels; c += kLanes) {
    VecI32 total_lanes = hn::Zero(kI32);
    for (std::size_t r = 0; r < task.row_count; ++r)
      total_lanes = hn::Add(total_lanes,
                            hn::PromoteTo(kI32, hn::Xor(hn::LoadU(bytes, task.rows + r * task.row_stride + c), flip)));
    hn::StoreU(total_lanes, kI32, task.sums + c);
  }
  for (; c < task.channels; ++c) {
    std::int32_t total_one = 0;
    for (std::size_t r = 0; r < task.row_count; ++r) total_one += task.rows[r * task.row_stride + c] ^ task.flip;
    task.sums[c] = total_one;
  }
}

#endif  // vectors

}  // namespace

const Int8MatmulKernels kInt8Matmul{
    .layout = kMatmulLayout, .rows = kMatmulRows, .scratch_bytes = &matmul_scratch, .run = &matmul};
const Int8DepthwiseKernels kInt8Depthwise{.layout = kDepthwiseLayout, .run = &depthwise};
const Int8ElementwiseKernels kInt8Elementwise{.add = &add, .sum = &sum};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
