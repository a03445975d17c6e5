// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f16_depthwise.h"

// On ARM: sums of halves, which a last step makes bf16 of.

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "simd/targets.h"

#if MOBILENET_COMPILES_NEON_EXTENSIONS
#include <arm_neon.h>
#include <hwy/base.h>

#define MOBILENET_UNROLL _Pragma("GCC unroll 16")

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+fp16+bf16")

namespace mobilenet::cpu {
namespace {

struct Halves {
  using Input = std::uint16_t;
  using Output = std::uint16_t;
  using Packed = std::uint16_t;
  using Vector = float16x8_t;
  static constexpr int kLanes = 8;
  static constexpr int kPixels = 4;

  static HWY_INLINE float16x8_t set(float value) { return vdupq_n_f16(static_cast<float16_t>(value)); }
  static HWY_INLINE float16x8_t load(const std::uint16_t* from) { return vreinterpretq_f16_u16(vld1q_u16(from)); }
  static HWY_INLINE float16x8_t load_packed(const std::uint16_t* from) { return load(from); }
  static HWY_INLINE float16x8_t multiply_add(float16x8_t a, float16x8_t b, float16x8_t sum) {
    return vfmaq_f16(sum, a, b);
  }
  static int channels_to_write(int channels) { return whole_bf16_channels(channels); }
  static HWY_INLINE void store(float16x8_t sum, float16x8_t low, float16x8_t high, std::uint16_t* out, int left) {
    const float16x8_t value = vminq_f16(high, vmaxq_f16(low, sum));
    const bfloat16x8_t first = vcvtq_low_bf16_f32(vcvt_f32_f16(vget_low_f16(value)));
    uint16x8_t numbers = vreinterpretq_u16_bf16(vcvtq_high_bf16_f32(first, vcvt_high_f32_f16(value)));
    if (left < kLanes) {
      constexpr std::int16_t kPlaces[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
      numbers = vandq_u16(numbers, vcltq_s16(vld1q_s16(kPlaces), vdupq_n_s16(static_cast<std::int16_t>(left))));
    }
    vst1q_u16(out, numbers);
  }
};

#include "backend/cpu/kernels/depthwise_tiles-inl.h"

}  // namespace

const DepthwiseKernels kF16DepthwiseNeonFp16{
    .lanes = Halves::kLanes, .packed = DataType::f16, .rows_3x3 = &rows_3x3<Halves>};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // FP16 and BF16
