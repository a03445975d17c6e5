// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Vectors of 256 bits for integer kernels with VPDPBUSD (int8_rows-inl.h, int8_quads-inl.h), as int8_avx512-inl.h has
// them of 512. Included once a file, inside the region that says for which instructions the file is compiled, behind
// MOBILENET_VPDPBUSD: the instruction's text, which says how it is encoded.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels/int8.h"

namespace mobilenet::cpu {
namespace {

using Integers = __m256i;
using Floats = __m256;
constexpr int kVectorBytes = 32;
constexpr int kTileRows = 6;  // 12 sums + 2 weights + 1 row of 16 registers

inline void accumulate_quads(Integers& sum, Integers bytes, Integers weights) {
  asm(MOBILENET_VPDPBUSD " %2, %1, %0" : "+x"(sum) : "x"(bytes), "xm"(weights));
}

inline Integers same_i32(std::int32_t value) { return _mm256_set1_epi32(value); }
inline Integers same_i16(short value) { return _mm256_set1_epi16(value); }
inline Integers same_i8(char value) { return _mm256_set1_epi8(value); }
inline Floats same_float(float value) { return _mm256_set1_ps(value); }
inline Integers load(const void* from) { return _mm256_load_si256(static_cast<const Integers*>(from)); }
inline Floats load_floats(const float* from) { return _mm256_load_ps(from); }
inline Integers load_unaligned(const void* from) { return _mm256_loadu_si256(static_cast<const Integers*>(from)); }
inline void store(Integers bytes, void* to) { _mm256_store_si256(static_cast<Integers*>(to), bytes); }
// The first `count`, and zeros; the first `count`, and nothing else.
inline Integers load_bytes(const void* from, int count) {
  alignas(kVectorBytes) std::byte bytes[kVectorBytes] = {};
  std::memcpy(bytes, from, static_cast<std::size_t>(count));
  return load(bytes);
}
inline void store_bytes(__m128i bytes, std::uint8_t* to, int count) {
  if (count == 16) return _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  if ((count & 8) != 0) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
    bytes = _mm_srli_si128(bytes, 8);
    to += 8;
  }
  if ((count & 4) != 0) {
    const std::int32_t four = _mm_cvtsi128_si32(bytes);
    std::memcpy(to, &four, sizeof four);
    bytes = _mm_srli_si128(bytes, 4);
    to += 4;
  }
  for (int i = 0; i < (count & 3); ++i, bytes = _mm_srli_si128(bytes, 1))
    to[i] = static_cast<std::uint8_t>(_mm_cvtsi128_si32(bytes));
}
inline void store_bytes(Integers bytes, std::uint8_t* to, int count) {
  store_bytes(_mm256_castsi256_si128(bytes), to, std::min(count, 16));
  if (count > 16) store_bytes(_mm256_extracti128_si256(bytes, 1), to + 16, count - 16);
}
inline Integers add_i32(Integers a, Integers b) { return _mm256_add_epi32(a, b); }
inline Integers add_saturated_i16(Integers a, Integers b) { return _mm256_adds_epi16(a, b); }
inline Integers max_u8(Integers a, Integers b) { return _mm256_max_epu8(a, b); }
inline Integers exclusive_or(Integers a, Integers b) { return _mm256_xor_si256(a, b); }
inline std::int32_t sum_of_lanes(Integers sums) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}
// These lane by lane of 128 bits.
inline Integers interleave_low_8(Integers a, Integers b) { return _mm256_unpacklo_epi8(a, b); }
inline Integers interleave_high_8(Integers a, Integers b) { return _mm256_unpackhi_epi8(a, b); }
inline Integers interleave_low_16(Integers a, Integers b) { return _mm256_unpacklo_epi16(a, b); }
inline Integers interleave_high_16(Integers a, Integers b) { return _mm256_unpackhi_epi16(a, b); }
inline Integers narrow_i32(Integers a, Integers b) { return _mm256_packs_epi32(a, b); }
inline Integers narrow_i16_unsigned(Integers a, Integers b) { return _mm256_packus_epi16(a, b); }

// ByteOutput as vectors.
struct ByteLanes {
  Floats high;  // minus the zero point
  Integers zero_point, low;
  __m128i flip;
};

inline ByteLanes byte_lanes(const ByteOutput& output) {
  return {same_float(static_cast<float>(output.high - output.zero_point)),
          same_i16(static_cast<short>(output.zero_point)), same_i16(static_cast<short>(output.low)),
          _mm_set1_epi8(static_cast<char>(output.flip))};
}

inline Integers rounded(Integers sum, Floats scale, Floats high) {
  return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), scale), high));
}

// Of the first `channels` of a block.
inline void store_block(Integers even, Integers odd, Floats scale_even, Floats scale_odd, const ByteLanes& to,
                        std::uint8_t* output, int channels) {
  Integers words = narrow_i32(rounded(even, scale_even, to.high), rounded(odd, scale_odd, to.high));
  words = _mm256_max_epi16(add_saturated_i16(words, to.zero_point), to.low);
  const __m128i narrow = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  store_bytes(_mm_xor_si128(narrow, to.flip), output, channels);
}

}  // namespace
}  // namespace mobilenet::cpu
