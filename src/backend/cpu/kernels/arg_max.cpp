// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/arg_max.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/arg_max.cpp"
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

HWY_INLINE std::int32_t place_of_largest(const float* row, std::size_t columns) {
  return static_cast<std::int32_t>(std::max_element(row, row + columns) - row);
}

#if HWY_TARGET == HWY_SCALAR

void floats(const float* rows, std::size_t count, std::size_t columns, std::int32_t* places) {
  for (std::size_t r = 0; r < count; ++r, rows += columns) places[r] = place_of_largest(rows, columns);
}

void bytes(const std::uint8_t* rows, std::size_t count, std::size_t columns, std::uint8_t flip, std::int32_t* places) {
  for (std::size_t r = 0; r < count; ++r, rows += columns) {
    std::size_t place = 0;
    for (std::size_t c = 1; c < columns; ++c)
      if ((rows[c] ^ flip) > (rows[place] ^ flip)) place = c;
    places[r] = static_cast<std::int32_t>(place);
  }
}

#else  // vectors

constexpr hn::ScalableTag<float> kF32;
constexpr std::size_t kFloats = HWY_LANES(float);
using VecF32 = hn::Vec<hn::ScalableTag<float> >;

// Rows of more vectors than these are read twice.
constexpr std::size_t kKeptVectors = 2;

// The lanes of a row's last vector that lie past its end hold `outside`.
HWY_INLINE VecF32 load_floats(const float* row, std::size_t left, VecF32 outside) {
  const VecF32 all = hn::LoadU(kF32, row);
  return left >= kFloats ? all : hn::IfThenElse(hn::FirstN(kF32, left), all, outside);
}

// kVectors: of a row; 0: any number.
template <std::size_t kVectors>
HWY_INLINE void floats_of(const float* rows, std::size_t count, std::size_t columns, std::int32_t* places) {
  const VecF32 outside = hn::Set(kF32, -hwy::HighestValue<float>());
  const std::size_t vectors = kVectors > 0 ? kVectors : (columns + kFloats - 1) / kFloats;
  for (std::size_t r = 0; r < count; ++r, rows += columns) {
    VecF32 kept[kKeptVectors];
    VecF32 most = outside;
    auto strange = hn::IsNaN(outside);
    for (std::size_t v = 0; v < vectors; ++v) {
      const VecF32 x = load_floats(rows + v * kFloats, columns - v * kFloats, outside);
      if constexpr (kVectors > 0) kept[v] = x;
      strange = hn::Or(strange, hn::IsNaN(x));
      most = hn::Max(most, x);
    }
    const VecF32 largest = hn::MaxOfLanes(kF32, most);
    std::int32_t place = -1;
    if (hn::AllFalse(kF32, strange))
      for (std::size_t v = 0; v < vectors && place < 0; ++v) {
        const VecF32 x =
            kVectors > 0 ? kept[v % kKeptVectors] : load_floats(rows + v * kFloats, columns - v * kFloats, outside);
        const auto first = hn::FindFirstTrue(kF32, hn::Eq(x, largest));
        if (first >= 0) place = static_cast<std::int32_t>(v * kFloats) + static_cast<std::int32_t>(first);
      }
    // Not numbers, or all of them the lowest there are and below.
    const auto end = static_cast<std::int32_t>(columns);
    places[r] = place < 0 || place >= end ? place_of_largest(rows, columns) : place;
  }
}

void floats(const float* rows, std::size_t count, std::size_t columns, std::int32_t* places) {
  static_assert(kKeptVectors == 2);
  const std::size_t vectors = (columns + kFloats - 1) / kFloats;
  if (vectors == 1)
    floats_of<1>(rows, count, columns, places);
  else if (vectors == 2)
    floats_of<2>(rows, count, columns, places);
  else
    floats_of<0>(rows, count, columns, places);
}

// Of at most 32 bytes: a row of 21 classes is one vector.
constexpr hn::CappedTag<std::uint8_t, 32> kBytes;
constexpr std::size_t kByteLanes = hn::MaxLanes(kBytes);
using VecBytes = hn::Vec<hn::CappedTag<std::uint8_t, 32> >;

HWY_INLINE VecBytes load_bytes(const std::uint8_t* row, std::size_t left, VecBytes flips) {
  const VecBytes all = hn::Xor(hn::LoadU(kBytes, row), flips);
  return left >= kByteLanes ? all : hn::IfThenElseZero(hn::FirstN(kBytes, left), all);
}

HWY_INLINE std::uint8_t largest_byte(VecBytes bytes) {
  constexpr hn::CappedTag<std::uint8_t, 16> kBlock;
#if HWY_MAX_BYTES > 16
  constexpr hn::Half<hn::CappedTag<std::uint8_t, 32> > kHalf;
  auto block = hn::Max(hn::LowerHalf(kHalf, bytes), hn::UpperHalf(kHalf, bytes));
#else
  auto block = bytes;
#endif
  block = hn::Max(block, hn::ShiftRightBytes<8>(kBlock, block));
  block = hn::Max(block, hn::ShiftRightBytes<4>(kBlock, block));
  block = hn::Max(block, hn::ShiftRightBytes<2>(kBlock, block));
  block = hn::Max(block, hn::ShiftRightBytes<1>(kBlock, block));
  return hn::GetLane(block);
}

void bytes(const std::uint8_t* rows, std::size_t count, std::size_t columns, std::uint8_t flip, std::int32_t* places) {
  const VecBytes flips = hn::Set(kBytes, flip);
  for (std::size_t r = 0; r < count; ++r, rows += columns) {
    VecBytes most = hn::Zero(kBytes);
    for (std::size_t c = 0; c < columns; c += kByteLanes)
      most = hn::Max(most, load_bytes(rows + c, columns - c, flips));
    const VecBytes largest = hn::Set(kBytes, largest_byte(most));
    // The lanes past the end are zero, as is what they stand behind where they are the first that are equal.
    for (std::size_t c = 0; c < columns; c += kByteLanes) {
      const auto first = hn::FindFirstTrue(kBytes, hn::Eq(load_bytes(rows + c, columns - c, flips), largest));
      if (first < 0) continue;
      places[r] = static_cast<std::int32_t>(c) + static_cast<std::int32_t>(first);
      break;
    }
  }
}

#endif  // vectors

}  // namespace

const ArgMaxKernels kArgMax{.floats = &floats, .bytes = &bytes};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
