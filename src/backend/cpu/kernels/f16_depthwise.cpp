// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f16_depthwise.h"

// Halves to floats, their sums to bf16.

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "simd/targets.h"

#if (HWY_TARGETS & HWY_AVX3) != 0
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <hwy/base.h>
#include <immintrin.h>

#define MOBILENET_UNROLL _Pragma("GCC unroll 16")

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

namespace mobilenet::cpu {
namespace {

struct HalvesInFloats {
  using Input = std::uint16_t;
  using Output = std::uint16_t;
  using Packed = float;
  using Vector = __m512;
  static constexpr int kLanes = 16;
  static constexpr int kPixels = 7;

  static HWY_INLINE __m512 set(float value) { return _mm512_set1_ps(value); }
  static HWY_INLINE __m512 load(const std::uint16_t* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static HWY_INLINE __m512 load_packed(const float* from) { return _mm512_load_ps(from); }
  static HWY_INLINE __m512 multiply_add(__m512 a, __m512 b, __m512 sum) { return _mm512_fmadd_ps(a, b, sum); }
  static int channels_to_write(int channels) { return whole_bf16_channels(channels); }
  // A minimum or maximum of a NaN and a bound is the NaN, when it is the second operand.
  static HWY_INLINE void store(__m512 sum, __m512 low, __m512 high, std::uint16_t* out, int left) {
    __m512 value = _mm512_min_ps(high, _mm512_max_ps(low, sum));
    if (left < kLanes) value = _mm512_maskz_mov_ps(static_cast<__mmask16>((1u << std::max(left, 0)) - 1), value);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(value)));
  }
};

#include "backend/cpu/kernels/depthwise_tiles-inl.h"

}  // namespace

const DepthwiseKernels kF16Depthwise{.lanes = HalvesInFloats::kLanes, .rows_3x3 = &rows_3x3<HalvesInFloats>};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif
