// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f32_elementwise.h"

#include <algorithm>

#include "network/clamp.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/f32_elementwise.cpp"
// The order of these headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "backend/cpu/kernels/vector_f32-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

constexpr std::size_t kStep = kLanes;

HWY_INLINE V load_up_to(const float* from, std::size_t left) {
  return left >= kStep ? hn::LoadU(kD, from) : load_first(from, static_cast<int>(left));
}

HWY_INLINE void store_up_to(V value, float* to, std::size_t left) {
  if (left >= kStep)
    hn::StoreU(value, kD, to);
  else
    store_first(value, to, static_cast<int>(left));
}

// Highway's exponential of a NaN is 0.
HWY_INLINE V exponential(V x) { return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(kD, x)); }

// clamp(x + 3, 0, 6) / 6, as the source frameworks write it
HWY_INLINE V hard_sigmoid(V x) {
  const V shifted = hn::Add(x, hn::Set(kD, 3.0f));
  return hn::Mul(clamp(shifted, hn::Zero(kD), hn::Set(kD, 6.0f)), hn::Set(kD, 1.0f / 6.0f));
}

template <Activation kActivation>
HWY_INLINE V apply(V x) {
  [[maybe_unused]] constexpr ClampRange kRange = clamp_of(kActivation);
  if constexpr (kActivation == Activation::relu) return at_least(hn::Zero(kD), x);
  if constexpr (is_clamp(kActivation) && kActivation != Activation::none)
    return clamp(x, hn::Set(kD, kRange.low), hn::Set(kD, kRange.high));
  if constexpr (kActivation == Activation::hard_sigmoid) return hard_sigmoid(x);
  if constexpr (kActivation == Activation::hard_swish) return hn::Mul(x, hard_sigmoid(x));
  if constexpr (kActivation == Activation::sigmoid) {
    // From exp(-|x|), which cannot overflow.
    const V one = hn::Set(kD, 1.0f);
    const V e = exponential(hn::Neg(hn::Abs(x)));
    return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(kD)), e, one), hn::Add(one, e));
  }
  return x;
}

template <Activation kActivation>
void activate_all(const float* in, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kStep)
    store_up_to(apply<kActivation>(load_up_to(in + i, count - i)), out + i, count - i);
}

void activate(Activation activation, const float* in, float* out, std::size_t count) {
  switch (activation) {
    case Activation::none:
      return activate_all<Activation::none>(in, out, count);
    case Activation::relu:
      return activate_all<Activation::relu>(in, out, count);
    case Activation::relu6:
      return activate_all<Activation::relu6>(in, out, count);
    case Activation::hard_swish:
      return activate_all<Activation::hard_swish>(in, out, count);
    case Activation::hard_sigmoid:
      return activate_all<Activation::hard_sigmoid>(in, out, count);
    case Activation::sigmoid:
      return activate_all<Activation::sigmoid>(in, out, count);
    case Activation::relu_n1_to_1:
      return activate_all<Activation::relu_n1_to_1>(in, out, count);
    case Activation::relu_0_to_1:
      return activate_all<Activation::relu_0_to_1>(in, out, count);
  }
}

void add(const float* a, const float* b, float* out, std::size_t count, float low, float high) {
  const V lows = hn::Set(kD, low), highs = hn::Set(kD, high);
  for (std::size_t i = 0; i < count; i += kStep)
    store_up_to(clamp(hn::Add(load_up_to(a + i, count - i), load_up_to(b + i, count - i)), lows, highs), out + i,
                count - i);
}

void maximum(const float* a, const float* b, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kStep) {
    const V first = load_up_to(a + i, count - i);
    const V larger = at_least(first, load_up_to(b + i, count - i));
    store_up_to(hn::IfThenElse(hn::IsNaN(first), first, larger), out + i, count - i);
  }
}

void scale(const float* in, float* out, std::size_t count, float factor, float low, float high) {
  const V lows = hn::Set(kD, low), highs = hn::Set(kD, high), factors = hn::Set(kD, factor);
  for (std::size_t i = 0; i < count; i += kStep)
    store_up_to(clamp(hn::Mul(load_up_to(in + i, count - i), factors), lows, highs), out + i, count - i);
}

void scale_channels(const float* in, const float* factors, const float* shifts, float* out, std::size_t pixels,
                    std::size_t channels) {
  for (std::size_t p = 0; p < pixels; ++p, in += channels, out += channels)
    for (std::size_t c = 0; c < channels; c += kStep)
      store_up_to(hn::MulAdd(load_up_to(in + c, channels - c), load_up_to(factors + c, channels - c),
                             load_up_to(shifts + c, channels - c)),
                  out + c, channels - c);
}

void average(const float* in, std::size_t pixels, std::size_t stride, float factor, float* out, std::size_t channels) {
  for (std::size_t c = 0; c < channels; c += kStep) {
    V sum = hn::Zero(kD);
    for (std::size_t p = 0; p < pixels; ++p) sum = hn::Add(sum, load_up_to(in + p * stride + c, channels - c));
    store_up_to(hn::Mul(sum, hn::Set(kD, factor)), out + c, channels - c);
  }
}

void interpolate(const float* top_left, const float* top_right, const float* bottom_left, const float* bottom_right,
                 float x, float y, float* out, std::size_t channels) {
  const V across = hn::Set(kD, x), down = hn::Set(kD, y);
  for (std::size_t c = 0; c < channels; c += kStep) {
    const V a = load_up_to(top_left + c, channels - c), b = load_up_to(bottom_left + c, channels - c);
    const V top = hn::MulAdd(hn::Sub(load_up_to(top_right + c, channels - c), a), across, a);
    const V bottom = hn::MulAdd(hn::Sub(load_up_to(bottom_right + c, channels - c), b), across, b);
    store_up_to(hn::MulAdd(hn::Sub(bottom, top), down, top), out + c, channels - c);
  }
}

void softmax(const float* in, float* out, std::size_t count, float beta) {
  // Distances from the number with the largest exponent cannot overflow, products with a large beta can.
  const float top = beta < 0 ? *std::min_element(in, in + count) : *std::max_element(in, in + count);
  const V factor = hn::Set(kD, beta), shift = hn::Set(kD, top);
  double sum = 0;
  for (std::size_t i = 0; i < count; i += kStep) {
    const V e = exponential(hn::Mul(hn::Sub(load_up_to(in + i, count - i), shift), factor));
    store_up_to(e, out + i, count - i);
    for (std::size_t j = i; j < std::min(i + kStep, count); ++j) sum += static_cast<double>(out[j]);
  }
  scale(out, out, count, static_cast<float>(1 / sum), 0, 1);
}

}  // namespace

const ElementwiseKernels kF32Elementwise{&activate,       &add,     &maximum,     &scale,
                                         &scale_channels, &average, &interpolate, &softmax};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
