// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resample_kernels.h"

// Bytes widened to int16 and multiplied in pairs into int32 (pmaddwd and its like). A weight of 24 bits is split into
// two numbers that fit: weight = high * 2^12 + low. Both sums are exact, so is high * 2^12 + low of them, but for what
// wraps around as it does in Pillow.

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "preprocess/resample_kernels.cpp"
// The order of the Highway headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "simd/compiled_rows.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::HWY_NAMESPACE {
namespace {

constexpr std::int32_t kHalf = 1 << (kPilFractionBits - 1);  // cutting off the fraction then rounds

HWY_INLINE std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPilFractionBits, 0, 255));
}

HWY_INLINE void group_pixels(const std::uint8_t* row, const PixelBytes& pixel, std::size_t pixels, std::uint8_t* out) {
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t x = 0; x < pixels; ++x)
      out[kQuad * c + x] = row[x * static_cast<std::size_t>(pixel.size) + static_cast<std::size_t>(pixel.rgb[c])];
}

#if HWY_TARGET == HWY_SCALAR

void split(const std::int32_t* weights, std::int32_t* words) { std::copy_n(weights, kQuad, words); }

void group(const std::array<const std::uint8_t*, kQuad>& rows, const PixelBytes& pixel, std::size_t pixels,
           std::uint8_t* groups) {
  for (std::size_t x = 0; x < pixels; x += kQuad)
    for (std::size_t r = 0; r < kQuad; ++r, groups += kRowGroupBytes)
      group_pixels(rows[r] + x * static_cast<std::size_t>(pixel.size), pixel, std::min(kQuad, pixels - x), groups);
}

void squeeze(const std::uint8_t* groups, std::span<const QuadTaps> taps, const std::int32_t* words,
             const std::array<std::uint8_t*, kQuad>& out) {
  for (std::size_t x = 0; x < taps.size(); ++x)
    for (std::size_t r = 0; r < kQuad; ++r)
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint8_t* bytes = groups + taps[x].first * kGroupBytes + r * kRowGroupBytes + c * kQuad;
        const std::int32_t* weights = words + taps[x].words;
        std::int32_t sum = kHalf;
        for (std::size_t q = 0; q < taps[x].count; ++q, bytes += kGroupBytes, weights += kQuadWords)
          for (std::size_t t = 0; t < kQuad; ++t) sum += bytes[t] * weights[t];
        out[r][3 * x + c] = to_byte(sum);
      }
}

void blend(const std::uint8_t* const* rows, std::size_t quads, const std::int32_t* words, std::size_t samples,
           std::uint8_t* out) {
  constexpr std::size_t kAtOnce = 256;
  std::int32_t sums[kAtOnce];
  for (std::size_t begin = 0; begin < samples; begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, samples - begin);
    std::fill_n(sums, count, kHalf);
    for (std::size_t t = 0; t < quads * kQuad; ++t)
      for (std::size_t i = 0; i < count; ++i) sums[i] += rows[t][begin + i] * words[t];
    for (std::size_t i = 0; i < count; ++i) out[begin + i] = to_byte(sums[i]);
  }
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// A group is a whole number of vectors.
using Bytes = hn::CappedTag<std::uint8_t, kGroupBytes>;
using Words16 = hn::Repartition<std::int16_t, Bytes>;
using Words32 = hn::Repartition<std::int32_t, Bytes>;
constexpr Bytes kBytes;
constexpr Words16 kWords16;
constexpr Words32 kWords32;
using VBytes = hn::Vec<Bytes>;
using V16 = hn::Vec<Words16>;
using V32 = hn::Vec<Words32>;
constexpr std::size_t kVectorBytes = hn::MaxLanes(Bytes());
constexpr std::size_t kVectorRows = kVectorBytes / kRowGroupBytes;  // of a group

constexpr int kLowBits = 12;

std::int32_t pair(std::int32_t first, std::int32_t second) {
  const auto low = static_cast<std::uint32_t>(static_cast<std::uint16_t>(first));
  return static_cast<std::int32_t>(low | static_cast<std::uint32_t>(second) << 16);
}

// Pairs of the first and third weight, of the second and fourth: of their high parts, then of their low ones.
void split(const std::int32_t* weights, std::int32_t* words) {
  constexpr std::int32_t kLow = (1 << kLowBits) - 1;
  for (int i = 0; i < 2; ++i) {
    words[i] = pair(weights[i] >> kLowBits, weights[i + 2] >> kLowBits);
    words[i + 2] = pair(weights[i] & kLow, weights[i + 2] & kLow);
  }
}

std::int32_t weight_of(const std::int32_t* words, std::size_t t) {
  const int shift = t < 2 ? 0 : 16;
  const std::int32_t high = words[t % 2] >> shift, low = words[t % 2 + 2] >> shift;
  return static_cast<std::int16_t>(high) * (1 << kLowBits) + static_cast<std::int16_t>(low);
}

// The weights of a quad in every lane.
struct QuadWeights {
  V16 even_high, odd_high, even_low, odd_low;
};

HWY_INLINE V16 both(std::int32_t pair_of_weights) { return hn::BitCast(kWords16, hn::Set(kWords32, pair_of_weights)); }
HWY_INLINE QuadWeights load_weights(const std::int32_t* words) {
  return {both(words[0]), both(words[1]), both(words[2]), both(words[3])};
}

struct Sums {
  V32 high, low;
  V32 high_rest, low_rest;  // where a pair's products go to two lanes

  // No constructor: those that the compiler makes are for the baseline.
  HWY_INLINE void start() { high = low = high_rest = low_rest = hn::Zero(kWords32); }

  HWY_INLINE void add(VBytes quads, const QuadWeights& weights) {
    const auto words = hn::BitCast(hn::RebindToUnsigned<Words16>(), quads);
    const V16 odd = hn::BitCast(kWords16, hn::ShiftRight<8>(words));
    const V16 even = hn::And(hn::BitCast(kWords16, words), hn::Set(kWords16, 0xff));
    high = hn::ReorderWidenMulAccumulate(kWords32, even, weights.even_high, high, high_rest);
    high = hn::ReorderWidenMulAccumulate(kWords32, odd, weights.odd_high, high, high_rest);
    low = hn::ReorderWidenMulAccumulate(kWords32, even, weights.even_low, low, low_rest);
    low = hn::ReorderWidenMulAccumulate(kWords32, odd, weights.odd_low, low, low_rest);
  }

  // 0 to 255
  HWY_INLINE V32 bytes() const {
    const V32 highs = hn::RearrangeToOddPlusEven(high, high_rest), lows = hn::RearrangeToOddPlusEven(low, low_rest);
    const V32 sum = hn::Add(hn::Add(hn::ShiftLeft<kLowBits>(highs), lows), hn::Set(kWords32, kHalf));
    return hn::Min(hn::Max(hn::ShiftRight<kPilFractionBits>(sum), hn::Zero(kWords32)), hn::Set(kWords32, 255));
  }
};

// In every 16 bytes: byte k of lane l to byte l of lane k.
HWY_INLINE VBytes transpose(VBytes bytes) {
  alignas(16) static constexpr std::uint8_t kOrder[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  return hn::TableLookupBytes(bytes, hn::LoadDup128(kBytes, kOrder));
}

void group(const std::array<const std::uint8_t*, kQuad>& rows, const PixelBytes& pixel, std::size_t pixels,
           std::uint8_t* groups) {
  constexpr hn::FixedTag<std::uint8_t, 16> kBlock;
  const auto size = static_cast<std::size_t>(pixel.size);
  alignas(16) std::uint8_t order[16];
  std::fill_n(order, 16, std::uint8_t{0x80});  // zero
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t x = 0; x < kQuad; ++x)
      order[kQuad * c + x] = static_cast<std::uint8_t>(x * size + static_cast<std::size_t>(pixel.rgb[c]));
  const auto shuffle = hn::Load(kBlock, order);
  std::size_t x = 0;
  for (; x * size + 16 <= pixels * size; x += kQuad)
    for (std::size_t r = 0; r < kQuad; ++r, groups += kRowGroupBytes)
      hn::StoreU(hn::TableLookupBytesOr0(hn::LoadU(kBlock, rows[r] + x * size), shuffle), kBlock, groups);
  for (; x < pixels; x += kQuad)
    for (std::size_t r = 0; r < kQuad; ++r, groups += kRowGroupBytes)
      group_pixels(rows[r] + x * size, pixel, std::min(kQuad, pixels - x), groups);
}

void squeeze(const std::uint8_t* groups, std::span<const QuadTaps> taps, const std::int32_t* words,
             const std::array<std::uint8_t*, kQuad>& out) {
  constexpr hn::Rebind<std::uint8_t, Words32> kPixels;
  constexpr std::size_t kVectors = kGroupBytes / kVectorBytes;
  std::array<std::uint8_t*, kQuad> to = out;
  for (const QuadTaps& tap : taps) {
    const std::uint8_t* at = groups + tap.first * kGroupBytes;
    const std::int32_t* weights = words + tap.words;
    Sums sums[kVectors];
    HWY_UNROLL(4)
    for (Sums& sum : sums) sum.start();
    for (std::size_t q = 0; q < tap.count; ++q, at += kGroupBytes, weights += kQuadWords) {
      const QuadWeights quad = load_weights(weights);
      HWY_UNROLL(4)
      for (std::size_t v = 0; v < kVectors; ++v) sums[v].add(hn::LoadU(kBytes, at + v * kVectorBytes), quad);
    }
    alignas(16) std::uint8_t pixels[kQuad * kQuad];
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kVectors; ++v)
      hn::StoreU(hn::DemoteTo(kPixels, sums[v].bytes()), kPixels, pixels + v * kVectorRows * kQuad);
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kQuad; ++r) {
      std::memcpy(to[r], pixels + r * kQuad, kQuad);
      to[r] += 3;
    }
  }
}

// A vector of samples. Rows are interleaved so that every lane holds a quad, and so the sums lie in the order of the
// vector's 16-byte blocks, and lanes of a block in that of the four sums.
HWY_INLINE void blend_vector(const std::uint8_t* const* rows, std::size_t quads, const std::int32_t* words,
                             std::size_t at, std::uint8_t* out) {
  constexpr hn::Repartition<std::uint16_t, Bytes> kPairs;
  Sums sums[4];
  HWY_UNROLL(4)
  for (Sums& sum : sums) sum.start();
  for (std::size_t q = 0; q < quads; ++q, rows += kQuad, words += kQuadWords) {
    const QuadWeights weights = load_weights(words);
    const VBytes a = hn::LoadU(kBytes, rows[0] + at), b = hn::LoadU(kBytes, rows[1] + at);
    const VBytes c = hn::LoadU(kBytes, rows[2] + at), d = hn::LoadU(kBytes, rows[3] + at);
    const auto ab_low = hn::BitCast(kPairs, hn::InterleaveLower(kBytes, a, b));
    const auto ab_high = hn::BitCast(kPairs, hn::InterleaveUpper(kBytes, a, b));
    const auto cd_low = hn::BitCast(kPairs, hn::InterleaveLower(kBytes, c, d));
    const auto cd_high = hn::BitCast(kPairs, hn::InterleaveUpper(kBytes, c, d));
    sums[0].add(hn::BitCast(kBytes, hn::InterleaveLower(kPairs, ab_low, cd_low)), weights);
    sums[1].add(hn::BitCast(kBytes, hn::InterleaveUpper(kPairs, ab_low, cd_low)), weights);
    sums[2].add(hn::BitCast(kBytes, hn::InterleaveLower(kPairs, ab_high, cd_high)), weights);
    sums[3].add(hn::BitCast(kBytes, hn::InterleaveUpper(kPairs, ab_high, cd_high)), weights);
  }
  const V32 low = hn::Or(sums[0].bytes(), hn::ShiftLeft<8>(sums[1].bytes()));
  const V32 high = hn::Or(hn::ShiftLeft<16>(sums[2].bytes()), hn::ShiftLeft<24>(sums[3].bytes()));
  hn::StoreU(transpose(hn::BitCast(kBytes, hn::Or(low, high))), kBytes, out + at);
}

void blend(const std::uint8_t* const* rows, std::size_t quads, const std::int32_t* words, std::size_t samples,
           std::uint8_t* out) {
  if (samples >= kVectorBytes) {
    for (std::size_t i = 0; i + kVectorBytes <= samples; i += kVectorBytes) blend_vector(rows, quads, words, i, out);
    if (samples % kVectorBytes != 0) blend_vector(rows, quads, words, samples - kVectorBytes, out);
    return;
  }
  for (std::size_t i = 0; i < samples; ++i) {
    std::int32_t sum = kHalf;
    for (std::size_t t = 0; t < quads * kQuad; ++t)
      sum += rows[t][i] * weight_of(words + t / kQuad * kQuadWords, t % kQuad);
    out[i] = to_byte(sum);
  }
}

#endif

}  // namespace

const ResampleKernels kResample{&split, &group, &squeeze, &blend};

}  // namespace mobilenet::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet {
namespace {

constexpr KernelRow<ResampleKernels> kBestFirst[] = {
    {"avx512_vnni", MOBILENET_AVX3(&has_avx512_vnni), MOBILENET_AVX3(&kResampleVnni)},
    MOBILENET_ROW_PER_TARGET(kResample),
};

}  // namespace

std::span<const KernelRow<ResampleKernels>> runnable_resample_kernels() {
  static const auto runnable = find_runnable(kBestFirst);
  return runnable.all();
}

}  // namespace mobilenet
#endif
