// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// One float vector of the target that is being compiled, and what the float32 kernels need beyond Highway. Included by
// kernel files after <hwy/highway.h>, once per target.

#if defined(MOBILENET_VECTOR_F32_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MOBILENET_VECTOR_F32_INL
#undef MOBILENET_VECTOR_F32_INL
#else
#define MOBILENET_VECTOR_F32_INL
#endif

#include <cstdint>
#include <cstring>

#ifndef MOBILENET_UNROLL
// Kernels keep small arrays of vectors in registers, which needs every index to be a constant.
#define MOBILENET_UNROLL _Pragma("GCC unroll 16")
// Hides where a pointer came from, so that the compiler keeps it in a register of its own.
#define MOBILENET_OPAQUE(pointer) asm("" : "+r"(pointer))
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr D kD;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

// Stores the first `count` lanes, 0 < count <= kLanes, and touches nothing behind them: another thread may own it.
HWY_INLINE void store_first(V value, float* to, int count) {
#if HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(value, hn::FirstN(kD, static_cast<std::size_t>(count)), kD, to);
#else
  HWY_ALIGN float lanes[kLanes];
  hn::Store(value, kD, lanes);
  std::memcpy(to, lanes, static_cast<std::size_t>(count) * sizeof(float));
#endif
}

// The first `count` lanes, 0 < count <= kLanes, zeros behind them. Reads nothing else.
HWY_INLINE V load_first(const float* from, int count) {
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(kD, static_cast<std::size_t>(count)), kD, from);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  std::memcpy(lanes, from, static_cast<std::size_t>(count) * sizeof(float));
  return hn::Load(kD, lanes);
#endif
}

#if HWY_TARGET == HWY_AVX3
// The first `count` lanes, rounded to halves.
HWY_INLINE void store_first_as_f16(V value, std::uint16_t* to, int count) {
  const __m256i halves = _mm512_cvtps_ph(value.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  _mm256_mask_storeu_epi16(to, static_cast<__mmask16>(0xffffu >> (kLanes - count)), halves);
}
#elif HWY_TARGET == HWY_NEON
HWY_INLINE void store_first_as_f16(V value, std::uint16_t* to, int count) {
  const uint16x4_t halves = vreinterpret_u16_f16(vcvt_f16_f32(value.raw));
  if (count == kLanes) {
    vst1_u16(to, halves);
  } else {
    std::uint16_t lanes[kLanes];
    vst1_u16(lanes, halves);
    std::memcpy(to, lanes, static_cast<std::size_t>(count) * sizeof *lanes);
  }
}
#endif

// Bounds through which a NaN stays a NaN: of two operands one of which is a NaN, x86's instructions give the second and
// NEON's FMAX the NaN, but Highway's scalars and its choice on NEON (FMAXNM) the number.
HWY_INLINE V at_least(V low, V x) {
#if HWY_TARGET == HWY_SCALAR
  return x.raw < low.raw ? low : x;
#elif HWY_ARCH_ARM
  return V(vmaxq_f32(low.raw, x.raw));
#else
  return hn::Max(low, x);
#endif
}
HWY_INLINE V at_most(V high, V x) {
#if HWY_TARGET == HWY_SCALAR
  return high.raw < x.raw ? high : x;
#elif HWY_ARCH_ARM
  return V(vminq_f32(high.raw, x.raw));
#else
  return hn::Min(high, x);
#endif
}
HWY_INLINE V clamp(V x, V low, V high) { return at_most(high, at_least(low, x)); }

}  // namespace
}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
