// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f16_depthwise.h"

// On ARM: halves to floats, their sums to bf16.

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "simd/targets.h"

#if MOBILENET_COMPILES_NEON_EXTENSIONS
#include <arm_neon.h>
#include <hwy/base.h>

#define MOBILENET_UNROLL _Pragma("GCC unroll 16")

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+bf16")

namespace mobilenet::cpu {
namespace {

struct HalvesInFloats {
  using Input = std::uint16_t;
  using Output = std::uint16_t;
  using Packed = float;
  using Vector = float32x4_t;
  static constexpr int kLanes = 4;
  static constexpr int kPixels = 4;

  static HWY_INLINE float32x4_t set(float value) { return vdupq_n_f32(value); }
  static HWY_INLINE float32x4_t load(const std::uint16_t* from) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
  }
  static HWY_INLINE float32x4_t load_packed(const float* from) { return vld1q_f32(from); }
  static HWY_INLINE float32x4_t multiply_add(float32x4_t a, float32x4_t b, float32x4_t sum) {
    return vfmaq_f32(sum, a, b);
  }
  static int channels_to_write(int channels) { return whole_bf16_channels(channels); }
  static HWY_INLINE void store(float32x4_t sum, float32x4_t low, float32x4_t high, std::uint16_t* out, int left) {
    const float32x4_t value = vminq_f32(high, vmaxq_f32(low, sum));
    uint16x4_t numbers = vreinterpret_u16_bf16(vcvt_bf16_f32(value));
    if (left < kLanes) {
      constexpr std::int16_t kPlaces[kLanes] = {0, 1, 2, 3};
      numbers = vand_u16(numbers, vclt_s16(vld1_s16(kPlaces), vdup_n_s16(static_cast<std::int16_t>(left))));
    }
    vst1_u16(out, numbers);
  }
};

#include "backend/cpu/kernels/depthwise_tiles-inl.h"

}  // namespace

const DepthwiseKernels kF16DepthwiseNeon{.lanes = HalvesInFloats::kLanes, .rows_3x3 = &rows_3x3<HalvesInFloats>};

}  // namespace mobilenet::cpu
HWY_POP_ATTRIBUTES

#endif  // BF16
