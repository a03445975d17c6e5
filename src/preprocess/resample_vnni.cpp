// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resample_kernels.h"

// The same with AVX512_VNNI, whose VPDPBUSD adds four products of bytes to a lane: a weight is split into three signed
// bytes, weight = a + b * 2^8 + c * 2^16. A third of the instructions of int16 pairs.

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

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")
namespace mobilenet {
namespace {

constexpr int kDigits = 3;
constexpr std::size_t kVectorBytes = 64;

void split(const std::int32_t* weights, std::int32_t* words) {
  std::int8_t digits[kQuadWords][kQuad] = {};
  for (std::size_t t = 0; t < kQuad; ++t) {
    std::int32_t rest = weights[t];
    for (int digit = 0; digit < kDigits; ++digit) {
      digits[digit][t] = static_cast<std::int8_t>(rest);
      rest = (rest - digits[digit][t]) / 256;
    }
  }
  std::memcpy(words, digits, sizeof digits);
}

// sum += four products a lane, with the same four weights for all. Not the intrinsic: with it GCC 12 copies every sum
// twice a step.
inline void accumulate_quads(__m512i& sum, __m512i quads, const std::int32_t& weights) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(quads), "m"(weights));
}

struct Sums {
  __m512i digit[kDigits];

  // No constructor: those that the compiler makes are for the baseline.
  inline void start() { digit[0] = digit[1] = digit[2] = _mm512_setzero_si512(); }

  inline void add(__m512i quads, const std::int32_t* words) {
    for (int d = 0; d < kDigits; ++d) accumulate_quads(digit[d], quads, words[d]);
  }

  // Not yet bounded to 0 to 255.
  inline __m512i rounded() const {
    const __m512i half = _mm512_set1_epi32(1 << (kPilFractionBits - 1));
    const __m512i high = _mm512_add_epi32(_mm512_slli_epi32(digit[2], 16), _mm512_slli_epi32(digit[1], 8));
    return _mm512_srai_epi32(_mm512_add_epi32(_mm512_add_epi32(high, digit[0]), half), kPilFractionBits);
  }
};

void group(const std::array<const std::uint8_t*, kQuad>& rows, const PixelBytes& pixel, std::size_t pixels,
           std::uint8_t* groups) {
  N_AVX3::kResample.group(rows, pixel, pixels, groups);  // blocks of 16 bytes; wider permutations took twice as long
}

void squeeze(const std::uint8_t* groups, std::span<const QuadTaps> taps, const std::int32_t* words,
             const std::array<std::uint8_t*, kQuad>& out) {
  std::uint8_t *first = out[0], *second = out[1], *third = out[2], *fourth = out[3];
  for (const QuadTaps& tap : taps) {
    const std::uint8_t* at = groups + tap.first * kGroupBytes;
    const std::int32_t* weights = words + tap.words;
    Sums sums;
    sums.start();
    for (std::size_t q = 0; q < tap.count; ++q, at += kGroupBytes, weights += kQuadWords)
      sums.add(_mm512_loadu_si512(at), weights);
    const __m128i pixels = _mm512_cvtusepi32_epi8(_mm512_max_epi32(sums.rounded(), _mm512_setzero_si512()));
    _mm_storeu_si32(first, pixels);
    _mm_storeu_si32(second, _mm_srli_si128(pixels, 4));
    _mm_storeu_si32(third, _mm_srli_si128(pixels, 8));
    _mm_storeu_si32(fourth, _mm_srli_si128(pixels, 12));
    first += 3, second += 3, third += 3, fourth += 3;
  }
}

// Rows are interleaved so that every lane holds a quad; narrowing puts the sums back in order.
void blend(const std::uint8_t* const* rows, std::size_t quads, const std::int32_t* words, std::size_t samples,
           std::uint8_t* out) {
  for (std::size_t i = 0; i < samples; i += kVectorBytes) {
    const __mmask64 mask = ~std::uint64_t{0} >> (kVectorBytes - std::min(kVectorBytes, samples - i));
    Sums sums[4];
    for (Sums& sum : sums) sum.start();
    for (std::size_t q = 0; q < quads; ++q) {
      const std::uint8_t* const* quad = rows + q * kQuad;
      const __m512i a = _mm512_maskz_loadu_epi8(mask, quad[0] + i), b = _mm512_maskz_loadu_epi8(mask, quad[1] + i);
      const __m512i c = _mm512_maskz_loadu_epi8(mask, quad[2] + i), d = _mm512_maskz_loadu_epi8(mask, quad[3] + i);
      const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
      const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
      const std::int32_t* weights = words + q * kQuadWords;
      sums[0].add(_mm512_unpacklo_epi16(ab_low, cd_low), weights);
      sums[1].add(_mm512_unpackhi_epi16(ab_low, cd_low), weights);
      sums[2].add(_mm512_unpacklo_epi16(ab_high, cd_high), weights);
      sums[3].add(_mm512_unpackhi_epi16(ab_high, cd_high), weights);
    }
    const __m512i low = _mm512_packs_epi32(sums[0].rounded(), sums[1].rounded());
    const __m512i high = _mm512_packs_epi32(sums[2].rounded(), sums[3].rounded());
    _mm512_mask_storeu_epi8(out + i, mask, _mm512_packus_epi16(low, high));
  }
}

}  // namespace

const ResampleKernels kResampleVnni{&split, &group, &squeeze, &blend};

}  // namespace mobilenet
HWY_POP_ATTRIBUTES
#endif
