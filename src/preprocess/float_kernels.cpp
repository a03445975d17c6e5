// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/float_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "preprocess/float_kernels.cpp"
// The order of the Highway headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "simd/compiled_rows.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
constexpr Floats kFloats;
constexpr hn::RebindToSigned<Floats> kWords;
constexpr hn::Rebind<std::uint8_t, Floats> kBytes;
using V = hn::Vec<Floats>;
constexpr std::size_t kLanes = hn::MaxLanes(Floats());
static_assert(kColourPeriod % kLanes == 0 && kColourPeriod % 3 == 0);

HWY_INLINE V bytes_at(const std::uint8_t* from) {
  return hn::ConvertTo(kFloats, hn::PromoteTo(kWords, hn::LoadU(kBytes, from)));
}

void stretch(const std::uint8_t* begin, const std::uint8_t* end, const float* fractions, std::size_t count,
             float* out) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V a = bytes_at(begin + i), b = bytes_at(end + i);
    hn::StoreU(hn::Add(a, hn::Mul(hn::Sub(b, a), hn::LoadU(kFloats, fractions + i))), kFloats, out + i);
  }
  for (; i < count; ++i) {
    const float a = begin[i], b = end[i];
    out[i] = a + (b - a) * fractions[i];
  }
}

void blend(const float* above, const float* below, float fraction, std::size_t count, float* out) {
  const V part = hn::Set(kFloats, fraction);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V a = hn::LoadU(kFloats, above + i), b = hn::LoadU(kFloats, below + i);
    hn::StoreU(hn::Add(a, hn::Mul(hn::Sub(b, a), part)), kFloats, out + i);
  }
  for (; i < count; ++i) out[i] = above[i] + (below[i] - above[i]) * fraction;
}

void nearest_bytes(const float* values, std::size_t count, std::uint8_t* bytes) {
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR  // whose rounding is not that of ties to even
  const V most = hn::Set(kFloats, 255.0f);
  for (; i + kLanes <= count; i += kLanes) {
    const V value = hn::LoadU(kFloats, values + i);
    const V bounded = hn::IfThenElseZero(hn::Gt(value, hn::Zero(kFloats)), hn::Min(value, most));
    hn::StoreU(hn::DemoteTo(kBytes, hn::NearestInt(bounded)), kBytes, bytes + i);
  }
#endif
  for (; i < count; ++i)
    bytes[i] = values[i] > 0 ? static_cast<std::uint8_t>(std::nearbyint(std::min(values[i], 255.0f))) : std::uint8_t{0};
}

template <bool kDivide>
HWY_INLINE void real_numbers_of(const float* values, const RealNumbersOfPixels& numbers, std::size_t count,
                                float* out) {
  const V factor = hn::Set(kFloats, kDivide ? 255.0f : numbers.rescale);
  std::size_t i = 0;
  for (std::size_t place = 0; i + kLanes <= count; i += kLanes, place = (place + kLanes) % kColourPeriod) {
    const V value = hn::LoadU(kFloats, values + i);
    const V scaled = kDivide ? hn::Div(value, factor) : hn::Mul(value, factor);
    const V centred = hn::Sub(scaled, hn::LoadU(kFloats, numbers.mean + place));
    hn::StoreU(hn::Div(centred, hn::LoadU(kFloats, numbers.deviation + place)), kFloats, out + i);
  }
  for (; i < count; ++i) {
    const float scaled = kDivide ? values[i] / 255.0f : values[i] * numbers.rescale;
    out[i] = (scaled - numbers.mean[i % 3]) / numbers.deviation[i % 3];
  }
}

void real_numbers(const float* values, const RealNumbersOfPixels& numbers, std::size_t count, float* out) {
  if (numbers.divide_by_255)
    real_numbers_of<true>(values, numbers, count, out);
  else
    real_numbers_of<false>(values, numbers, count, out);
}

// byte / 255 is the sum of two products, of which that with the first 9 bits of 1 / 255 is exact, so that only the sum
// is rounded; found to be the same for all bytes.
constexpr float kInverseHigh = 0x1.01p-8f, kInverseLow = 0x1.010102p-24f;

template <bool kDivide, bool kMultiply>
HWY_INLINE void real_numbers_of_bytes(const std::uint8_t* bytes, const RealNumbersOfPixels& numbers, std::size_t count,
                                      float* out) {
  const V factor = hn::Set(kFloats, kDivide ? kInverseHigh : numbers.rescale), low = hn::Set(kFloats, kInverseLow);
  const float* const divisors = kMultiply ? numbers.inverse : numbers.deviation;
  std::size_t i = 0;
  for (std::size_t place = 0; i + kLanes <= count; i += kLanes, place = (place + kLanes) % kColourPeriod) {
    const V value = bytes_at(bytes + i);
    const V scaled = kDivide ? hn::Add(hn::Mul(value, factor), hn::Mul(value, low)) : hn::Mul(value, factor);
    const V centred = hn::Sub(scaled, hn::LoadU(kFloats, numbers.mean + place));
    const V divisor = hn::LoadU(kFloats, divisors + place);
    hn::StoreU(kMultiply ? hn::Mul(centred, divisor) : hn::Div(centred, divisor), kFloats, out + i);
  }
  for (; i < count; ++i) {
    const float value = bytes[i], scaled = kDivide ? value / 255.0f : value * numbers.rescale;
    out[i] = (scaled - numbers.mean[i % 3]) / numbers.deviation[i % 3];
  }
}

template <bool kDivide>
HWY_INLINE void real_numbers_of_bytes(const std::uint8_t* bytes, const RealNumbersOfPixels& numbers, std::size_t count,
                                      float* out) {
  numbers.has_inverses ? real_numbers_of_bytes<kDivide, true>(bytes, numbers, count, out)
                       : real_numbers_of_bytes<kDivide, false>(bytes, numbers, count, out);
}

void real_numbers_of_bytes(const std::uint8_t* bytes, const RealNumbersOfPixels& numbers, std::size_t count,
                           float* out) {
  numbers.divide_by_255 ? real_numbers_of_bytes<true>(bytes, numbers, count, out)
                        : real_numbers_of_bytes<false>(bytes, numbers, count, out);
}

}  // namespace

const FloatKernels kFloatRows{&stretch, &blend, &nearest_bytes, &real_numbers, &real_numbers_of_bytes};

}  // namespace mobilenet::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet {
namespace {

constexpr KernelRow<FloatKernels> kBestFirst[] = {
    MOBILENET_ROW_PER_TARGET(kFloatRows),
};

}  // namespace

RealNumbersOfPixels real_numbers_of_pixels(const PreprocessSpec& spec) {
  RealNumbersOfPixels numbers;
  numbers.divide_by_255 = spec.divide_by_255;
  numbers.rescale = spec.rescale;
  numbers.has_inverses = true;
  for (std::size_t i = 0; i < kColourPeriod; ++i) {
    const float deviation = spec.deviation[i % 3];
    numbers.mean[i] = spec.mean[i % 3];
    numbers.deviation[i] = deviation;
    numbers.inverse[i] = 1 / deviation;
    int exponent = 0;
    const bool is_power = std::abs(std::frexp(deviation, &exponent)) == 0.5f && std::isnormal(numbers.inverse[i]);
    numbers.has_inverses = numbers.has_inverses && is_power;
  }
  return numbers;
}

std::span<const KernelRow<FloatKernels>> runnable_float_kernels() {
  static const auto runnable = find_runnable(kBestFirst);
  return runnable.all();
}

}  // namespace mobilenet
#endif
