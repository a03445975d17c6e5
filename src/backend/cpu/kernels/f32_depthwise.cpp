// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f32_depthwise.h"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/f32_depthwise.cpp"
// The order of these headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/kernels/vector_f32-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

struct Floats {
  using Input = float;
  using Output = float;
  using Packed = float;
  using Vector = V;
  static constexpr int kLanes = cpu::HWY_NAMESPACE::kLanes;
  static constexpr int kPixels = 4;

  static HWY_INLINE V set(float value) { return hn::Set(kD, value); }
  static HWY_INLINE V load(const float* from) { return hn::LoadU(kD, from); }
  static HWY_INLINE V load_packed(const float* from) { return hn::Load(kD, from); }
  static HWY_INLINE V multiply_add(V a, V b, V sum) {
#if HWY_TARGET == HWY_NEON  // not the intrinsic: with it GCC 12 copies 16 of 72 sums
    asm("fmla %0.4s, %1.4s, %2.4s" : "+w"(sum.raw) : "w"(a.raw), "w"(b.raw));
    return sum;
#else
    return hn::MulAdd(a, b, sum);
#endif
  }
  static int channels_to_write(int channels) { return channels; }
  static HWY_INLINE void store(V sum, V low, V high, float* out, int left) {
    const V value = clamp(sum, low, high);
    if (left >= kLanes)
      hn::StoreU(value, kD, out);
    else
      store_first(value, out, left);
  }
};

#include "backend/cpu/kernels/depthwise_tiles-inl.h"

void row_any(const DepthwiseProblem& p, const void* const* rows, const void** taps, void* output) {
  auto* out = static_cast<float*>(output);
  const int count = p.kernel_height * p.kernel_width;
  const V low = hn::Set(kD, p.low), high = hn::Set(kD, p.high);
  for (int x = 0; x < p.output_width; ++x, out += p.out_pixel_stride) {
    const void** tap = taps;
    for (int ky = 0; ky < p.kernel_height; ++ky)
      for (int kx = 0; kx < p.kernel_width; ++kx) {
        const int column = x * p.stride + kx * p.dilation - p.pad_left;
        const bool inside = rows[ky] != nullptr && column >= 0 && column < p.width;
        *tap++ = inside ? static_cast<const float*>(rows[ky]) + column * p.pixel_stride : p.zeros;
      }
    const auto* packed = static_cast<const float*>(p.packed);
    for (int c = 0; c < p.channels; c += kLanes) {
      V sum = hn::Load(kD, packed);
      packed += kLanes;
      for (int t = 0; t < count; ++t, packed += kLanes)
        sum = hn::MulAdd(hn::LoadU(kD, static_cast<const float*>(taps[t]) + c), hn::Load(kD, packed), sum);
      Floats::store(sum, low, high, out + c, p.channels - c);
    }
  }
}

}  // namespace

const DepthwiseKernels kF32Depthwise{.lanes = kLanes, .rows_3x3 = &rows_3x3<Floats>, .row_any = &row_any};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
