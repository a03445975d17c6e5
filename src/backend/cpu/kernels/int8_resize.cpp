// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/int8_resize.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/int8_resize.cpp"
// The order of the Highway headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<std::int32_t> kI32;
constexpr hn::Rebind<std::uint8_t, hn::ScalableTag<std::int32_t> > kBytes;  // as many bytes as int32 lanes
constexpr std::size_t kLanes = HWY_LANES(std::int32_t);
using VecI32 = hn::Vec<hn::ScalableTag<std::int32_t> >;
using VecBytes = hn::Vec<hn::Rebind<std::uint8_t, hn::ScalableTag<std::int32_t> > >;

void down(const std::uint8_t* top, const std::uint8_t* bottom, std::size_t count, std::uint8_t flip,
          std::int32_t weight, std::int32_t* out) {
  const VecBytes flips = hn::Set(kBytes, flip);
  const VecI32 weights = hn::Set(kI32, weight);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const VecI32 a = hn::PromoteTo(kI32, hn::Xor(hn::LoadU(kBytes, top + i), flips));
    const VecI32 b = hn::PromoteTo(kI32, hn::Xor(hn::LoadU(kBytes, bottom + i), flips));
    hn::StoreU(hn::Add(hn::ShiftLeft<11>(a), hn::Mul(hn::Sub(b, a), weights)), kI32, out + i);
  }
}

HWY_INLINE VecBytes blend(const std::int32_t* left, const std::int32_t* right, VecI32 weight, VecI32 half,
                          VecBytes flips) {
  const VecI32 a = hn::LoadU(kI32, left), b = hn::LoadU(kI32, right);
  const VecI32 sum = hn::Add(hn::ShiftLeft<11>(a), hn::Mul(hn::Sub(b, a), weight));
  return hn::Xor(hn::DemoteTo(kBytes, hn::ShiftRight<22>(hn::Add(sum, half))), flips);
}

void across(const AcrossTask& task) {
  const VecI32 half = hn::Set(kI32, 1 << 21);
  const VecBytes flips = hn::Set(kBytes, task.flip);
  const std::size_t channels = task.channels;
  const std::size_t whole = (channels + kLanes - 1) / kLanes * kLanes;
  // What a whole vector writes past a pixel the next ones overwrite; the last have nobody behind them.
  const std::size_t alone = (whole - channels + channels - 1) / channels;
  const std::size_t together = task.pixels > alone ? task.pixels - alone : 0;
  std::uint8_t* out = task.output;
  for (std::size_t p = 0; p < task.pixels; ++p, out += channels) {
    const ResizeTap& tap = task.columns[p];
    const std::int32_t* left = task.blended + static_cast<std::size_t>(tap.low) * channels;
    const std::int32_t* right = task.blended + static_cast<std::size_t>(tap.high) * channels;
    const VecI32 weight = hn::Set(kI32, tap.weight);
    if (p < together) {
      for (std::size_t c = 0; c < channels; c += kLanes)
        hn::StoreU(blend(left + c, right + c, weight, half, flips), kBytes, out + c);
      continue;
    }
    for (std::size_t c = 0; c < channels; c += kLanes) {
      HWY_ALIGN std::uint8_t bytes[kLanes];
      hn::Store(blend(left + c, right + c, weight, half, flips), kBytes, bytes);
      std::memcpy(out + c, bytes, channels - c < kLanes ? channels - c : kLanes);
    }
  }
}

}  // namespace

const Int8ResizeKernels kInt8Resize{.down = &down, .across = &across};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
