// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f16_depthwise.h"

// Sums of halves, which a last step makes bf16 of.

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "simd/targets.h"

#if MOBILENET_COMPILES_AVX512_FP16
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <hwy/base.h>
#include <immintrin.h>

#define MOBILENET_UNROLL _Pragma("GCC unroll 16")

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512fp16")

namespace mobilenet::cpu {
namespace {

struct Halves {
  using Input = std::uint16_t;
  using Output = std::uint16_t;
  using Packed = std::uint16_t;
  using Vector = __m512h;
  static constexpr int kLanes = 32;
  static constexpr int kPixels = 4;

  static HWY_INLINE __m512h set(float value) { return _mm512_set1_ph(static_cast<_Float16>(value)); }
  static HWY_INLINE __m512h load(const std::uint16_t* from) { return _mm512_loadu_ph(from); }
  static HWY_INLINE __m512h load_packed(const std::uint16_t* from) { return _mm512_load_ph(from); }
  static HWY_INLINE __m512h multiply_add(__m512h a, __m512h b, __m512h sum) { return _mm512_fmadd_ph(a, b, sum); }
  static int channels_to_write(int channels) { return channels; }
  // A minimum or maximum of a NaN and a bound is the NaN, when it is the second operand.
  static HWY_INLINE void store(__m512h sum, __m512h low, __m512h high, std::uint16_t* out, int left) {
    const __m512i value = _mm512_castph_si512(_mm512_min_ph(high, _mm512_max_ph(low, sum)));
    const __m512 first = _mm512_cvtph_ps(_mm512_castsi512_si256(value));
    const __m512 second = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(value, 1));
    auto pairs = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
    if (left < kLanes) pairs = _mm512_maskz_mov_epi16((__mmask32{1} << left) - 1, pairs);
    _mm512_storeu_si512(out, pairs);
  }
};

#include "backend/cpu/kernels/depthwise_tiles-inl.h"

}  // namespace

const DepthwiseKernels kF16DepthwiseFp16{
    .lanes = Halves::kLanes, .packed = DataType::f16, .rows_3x3 = &rows_3x3<Halves>};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif
