// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/mask_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "postprocess/mask_kernels.cpp"
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

using Floats = hn::ScalableTag<float>;
using Indices = hn::RebindToSigned<Floats>;
constexpr Floats kFloats;
constexpr Indices kIndices;
using V = hn::Vec<Floats>;
constexpr std::size_t kLanes = hn::MaxLanes(Floats());
// A pair of vectors shares the scores of a channel.
constexpr std::size_t kVectors = 2;
static_assert(kVectors * kLanes <= kFractionPadding);

float largest(const float* values, std::size_t count) {
  V most = hn::Zero(kFloats);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V value = hn::Abs(hn::LoadU(kFloats, values + i));
    most = hn::IfThenElse(hn::Gt(value, most), value, most);  // a NaN is not greater
  }
  float result = hn::GetLane(hn::MaxOfLanes(kFloats, most));
  for (; i < count; ++i)
    if (std::abs(values[i]) > result) result = std::abs(values[i]);
  return result;
}

void interpolate(const float* above, const float* below, float fraction, std::size_t count, float* out) {
  const V part = hn::Set(kFloats, fraction);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V a = hn::LoadU(kFloats, above + i), b = hn::LoadU(kFloats, below + i);
    hn::StoreU(hn::Add(a, hn::Mul(hn::Sub(b, a), part)), kFloats, out + i);
  }
  for (; i < count; ++i) out[i] = above[i] + (below[i] - above[i]) * fraction;
}

template <bool kWhole>
HWY_INLINE V score(V left, V way, V fraction) {
  const V exact = hn::Add(left, hn::Mul(way, fraction));
  return kWhole ? hn::Floor(hn::Add(exact, hn::Set(kFloats, 0.5f))) : exact;
}

template <bool kWhole>
void classes_of(const MaskRun& run, std::uint8_t* mask) {
  constexpr hn::Rebind<std::uint8_t, Indices> kBytes;
  for (std::size_t i = 0; i < run.pixels; i += kVectors * kLanes) {
    V fraction[kVectors], best[kVectors];
    hn::Vec<Indices> leader[kVectors];
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      fraction[v] = hn::LoadU(kFloats, run.fractions + i + v * kLanes);
      best[v] = score<kWhole>(hn::Set(kFloats, run.left[0]), hn::Set(kFloats, run.right[0] - run.left[0]), fraction[v]);
      leader[v] = hn::Zero(kIndices);
    }
    for (std::size_t c = 1; c < run.channels; ++c) {
      const V left = hn::Set(kFloats, run.left[c]), way = hn::Sub(hn::Set(kFloats, run.right[c]), left);
      const auto channel = hn::Set(kIndices, static_cast<std::int32_t>(c));
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) {
        const V value = score<kWhole>(left, way, fraction[v]);
        const auto leads = hn::Gt(value, best[v]);
        best[v] = hn::IfThenElse(leads, value, best[v]);
        leader[v] = hn::IfThenElse(hn::RebindMask(kIndices, leads), channel, leader[v]);
      }
    }
    std::uint8_t found[kVectors * kLanes];
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(hn::DemoteTo(kBytes, leader[v]), kBytes, found + v * kLanes);
    std::memcpy(mask + i, found, std::min(kVectors * kLanes, run.pixels - i));
  }
}

void classes(const MaskRun& run, bool whole, std::uint8_t* mask) {
  if (whole)
    classes_of<true>(run, mask);
  else
    classes_of<false>(run, mask);
}

}  // namespace

const MaskKernels kMask{&largest, &interpolate, &classes};

}  // namespace mobilenet::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet {
namespace {

constexpr KernelRow<MaskKernels> kBestFirst[] = {
    MOBILENET_ROW_PER_TARGET(kMask),
};

}  // namespace

std::span<const KernelRow<MaskKernels>> runnable_mask_kernels() {
  static const auto runnable = find_runnable(kBestFirst);
  return runnable.all();
}

}  // namespace mobilenet
#endif
