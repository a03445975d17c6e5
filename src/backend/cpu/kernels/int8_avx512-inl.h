// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// What the integer matrix products of AVX-512 share: rows made unsigned, the shift of the filters taken back, sums made
// bytes. Included once a file, inside the region that says for which instructions the file is compiled.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels/int8.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kVectorBytes = 64;

inline std::size_t flipped_stride(int depth) {
  return (static_cast<std::size_t>(depth) + kVectorBytes - 1) / kVectorBytes * kVectorBytes;
}

inline std::size_t sums_bytes(int row_count) {
  return (static_cast<std::size_t>(row_count) * sizeof(std::int32_t) + kVectorBytes - 1) / kVectorBytes * kVectorBytes;
}

inline std::int32_t sum_of_bytes(const std::uint8_t* row, int depth) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum = _mm512_setzero_si512();
  int d = 0;
  for (; d + 64 <= depth; d += 64) sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(row + d), ones);
  if (d < depth) {
    const __mmask64 rest = ~std::uint64_t{0} >> (64 - (depth - d));
    sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_loadu_epi8(rest, row + d), ones);
  }
  return _mm512_reduce_add_epi32(sum);
}

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

inline void store_block(__m512i even, __m512i odd, __m512 scale_even, __m512 scale_odd, const ByteLanes& to,
                        std::uint8_t* output, __mmask32 channels) {
  __m512i words = _mm512_packs_epi32(rounded(even, scale_even, to.high), rounded(odd, scale_odd, to.high));
  words = _mm512_max_epi16(_mm512_adds_epi16(words, to.zero_point), to.low);
  _mm256_mask_storeu_epi8(output, channels, _mm256_xor_si256(_mm512_cvtepi16_epi8(words), to.flip));
}

// The task's rows as unsigned bytes, flipped_stride apart, in `out`, which it returns.
inline const std::uint8_t* flip_rows(const MatmulTask& task, std::uint8_t* out) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(task.flip));
  const std::size_t stride = flipped_stride(task.filters->depth);
  for (int r = 0; r < task.row_count; ++r) {
    const std::uint8_t* row = task.rows + static_cast<std::size_t>(r) * task.row_stride;
    for (std::size_t d = 0; d < stride; d += kVectorBytes)
      _mm512_store_si512(out + static_cast<std::size_t>(r) * stride + d,
                         _mm512_xor_si512(_mm512_loadu_si512(row + d), flip));
  }
  return out;
}

// What is added to every sum of a row because the filters hold weight + shift. Wraps around like the sums themselves: a
// depth above 65,793 can leave 32 bits.
inline void find_corrections(const PackedFilters& filters, const std::uint8_t* rows, std::size_t stride, int count,
                             std::int32_t* corrections) {
  for (int r = 0; r < count; ++r) {
    corrections[r] = 0;
    if (filters.shift == 0) continue;
    const std::int32_t sum = sum_of_bytes(rows + static_cast<std::size_t>(r) * stride, filters.depth);
    corrections[r] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(-filters.shift) * static_cast<std::uint32_t>(sum));
  }
}

}  // namespace
}  // namespace mobilenet::cpu
