// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Vectors of 512 bits for integer kernels with AVX512_VNNI (int8_rows-inl.h, int8_quads-inl.h), and their sums made
// bytes. Included once a file, inside the region that says for which instructions the file is compiled.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels/int8.h"

namespace mobilenet::cpu {
namespace {

using Integers = __m512i;
using Floats = __m512;
constexpr int kVectorBytes = 64;
constexpr int kTileRows = 12;  // 24 sums + 2 weights + 1 row of 32 registers

// sum += four products a lane. Not the intrinsic: with it GCC 12 keeps a tile's sums on the stack (35 vector moves a
// step of the inner loop instead of none).
inline void accumulate_quads(Integers& sum, Integers bytes, Integers weights) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(bytes), "vm"(weights));
}

inline Integers same_i32(std::int32_t value) { return _mm512_set1_epi32(value); }
inline Integers same_i16(short value) { return _mm512_set1_epi16(value); }
inline Integers same_i8(char value) { return _mm512_set1_epi8(value); }
inline Floats same_float(float value) { return _mm512_set1_ps(value); }
inline Integers load(const void* from) { return _mm512_load_si512(from); }
inline Floats load_floats(const float* from) { return _mm512_load_ps(from); }
inline Integers load_unaligned(const void* from) { return _mm512_loadu_si512(from); }
inline void store(Integers bytes, void* to) { _mm512_store_si512(to, bytes); }
inline __mmask64 first_bytes(int count) { return ~std::uint64_t{0} >> (kVectorBytes - count); }
// The first `count`, and zeros; the first `count`, and nothing else.
inline Integers load_bytes(const void* from, int count) { return _mm512_maskz_loadu_epi8(first_bytes(count), from); }
inline void store_bytes(Integers bytes, void* to, int count) { _mm512_mask_storeu_epi8(to, first_bytes(count), bytes); }
inline Integers add_i32(Integers a, Integers b) { return _mm512_add_epi32(a, b); }
inline Integers add_saturated_i16(Integers a, Integers b) { return _mm512_adds_epi16(a, b); }
inline Integers max_u8(Integers a, Integers b) { return _mm512_max_epu8(a, b); }
inline Integers exclusive_or(Integers a, Integers b) { return _mm512_xor_si512(a, b); }
inline std::int32_t sum_of_lanes(Integers sums) { return _mm512_reduce_add_epi32(sums); }
// These lane by lane of 128 bits.
inline Integers interleave_low_8(Integers a, Integers b) { return _mm512_unpacklo_epi8(a, b); }
inline Integers interleave_high_8(Integers a, Integers b) { return _mm512_unpackhi_epi8(a, b); }
inline Integers interleave_low_16(Integers a, Integers b) { return _mm512_unpacklo_epi16(a, b); }
inline Integers interleave_high_16(Integers a, Integers b) { return _mm512_unpackhi_epi16(a, b); }
inline Integers narrow_i32(Integers a, Integers b) { return _mm512_packs_epi32(a, b); }
inline Integers narrow_i16_unsigned(Integers a, Integers b) { return _mm512_packus_epi16(a, b); }

// ByteOutput as vectors.
struct ByteLanes {
  __m512 high;  // minus the zero point
  __m512i zero_point, low;
  __m256i flip;
};

inline ByteLanes byte_lanes(const ByteOutput& output) {
  return {_mm512_set1_ps(static_cast<float>(output.high - output.zero_point)),
          _mm512_set1_epi16(static_cast<short>(output.zero_point)), _mm512_set1_epi16(static_cast<short>(output.low)),
          _mm256_set1_epi8(static_cast<char>(output.flip))};
}

// The conversion rounds to nearest even. What is too small for it becomes the lowest int32, which the narrowing and the
// lower bound make right; what is too large is bounded before.
inline __m512i rounded(__m512i sum, __m512 scale, __m512 high) {
  return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale), high));
}

// Of the first `channels` of a block.
inline void store_block(__m512i even, __m512i odd, __m512 scale_even, __m512 scale_odd, const ByteLanes& to,
                        std::uint8_t* output, int channels) {
  __m512i words = _mm512_packs_epi32(rounded(even, scale_even, to.high), rounded(odd, scale_odd, to.high));
  words = _mm512_max_epi16(_mm512_adds_epi16(words, to.zero_point), to.low);
  const __mmask32 written = ~std::uint32_t{0} >> (kVectorBytes / 2 - channels);
  _mm256_mask_storeu_epi8(output, written, _mm256_xor_si256(_mm512_cvtepi16_epi8(words), to.flip));
}

}  // namespace
}  // namespace mobilenet::cpu
