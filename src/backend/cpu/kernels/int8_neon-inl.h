// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// What the integer kernels of ARM's extensions share: rows made signed, as they lie in files of signed bytes, and sums
// made bytes. Included once a file, inside the region that says for which instructions the file is compiled.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "backend/cpu/kernels/int8.h"

namespace mobilenet::cpu {
namespace {

constexpr int kVectorBytes = 16;

inline std::size_t whole_vectors(int bytes) {
  return static_cast<std::size_t>(bytes + kVectorBytes - 1) / kVectorBytes * kVectorBytes;
}

// For one int32 a row in front of the rows themselves.
inline std::size_t sums_bytes(int row_count) {
  return whole_vectors(row_count * static_cast<int>(sizeof(std::int32_t)));
}

// What makes a task's bytes signed.
inline std::uint8_t to_signed(std::uint8_t flip) { return flip ^ 0x80; }

// The first `count` bytes of a vector made signed, zeros behind them.
inline int8x16_t signed_bytes(const std::uint8_t* bytes, int count, std::uint8_t flip) {
  if (count >= kVectorBytes) return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(bytes), vdupq_n_u8(flip)));
  std::uint8_t first[kVectorBytes];
  std::memset(first, flip, sizeof first);
  std::memcpy(first, bytes, static_cast<std::size_t>(count));
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(first), vdupq_n_u8(flip)));
}

// What a row's sums lack because the filters hold weight + shift. Wraps around like the sums themselves.
inline std::int32_t correction(int shift, std::int32_t sum_of_row) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(-shift) * static_cast<std::uint32_t>(sum_of_row));
}

// ByteOutput as vectors.
struct ByteLanes {
  int16x8_t zero_point;
  uint8x16_t low, high, flip;
};

inline ByteLanes byte_lanes(const ByteOutput& output) {
  return {vdupq_n_s16(static_cast<std::int16_t>(output.zero_point)), vdupq_n_u8(static_cast<std::uint8_t>(output.low)),
          vdupq_n_u8(static_cast<std::uint8_t>(output.high)), vdupq_n_u8(output.flip)};
}

// The conversion rounds to nearest even. It and all that narrows saturate, so that bounds are needed of bytes only.
inline int32x4_t rounded(int32x4_t sum, float32x4_t scale) {
  return vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), scale));
}

inline uint8x8_t narrowed(int32x4_t low, int32x4_t high, const ByteLanes& to) {
  const int16x8_t words = vqmovn_high_s32(vqmovn_s32(low), high);
  return vqmovun_s16(vqaddq_s16(words, to.zero_point));
}

inline uint8x16_t bounded(uint8x16_t bytes, const ByteLanes& to) {
  return veorq_u8(vminq_u8(vmaxq_u8(bytes, to.low), to.high), to.flip);
}

// Sums of a block of eight channels, of which `count` exist.
inline void store_eight(int32x4_t low, int32x4_t high, const float* scale, const ByteLanes& to, std::uint8_t* output,
                        int count) {
  const uint8x8_t bytes = narrowed(rounded(low, vld1q_f32(scale)), rounded(high, vld1q_f32(scale + 4)), to);
  const uint8x8_t stored = vget_low_u8(bounded(vcombine_u8(bytes, bytes), to));
  if (count >= 8) {
    vst1_u8(output, stored);
  } else {
    std::uint8_t buffer[8];
    vst1_u8(buffer, stored);
    std::memcpy(output, buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace
}  // namespace mobilenet::cpu
