// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/plane_kernels.h"

#include <algorithm>

#include "preprocess/plane_taps.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "preprocess/plane_kernels.cpp"
// The order of the Highway headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/cache_control.h>
#include "simd/compiled_rows.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::HWY_NAMESPACE {
namespace {

// What was cut off of products, on average.
HWY_INLINE int bias_of(std::size_t plus, std::size_t minus) {
  return static_cast<int>(plus / 2) - static_cast<int>(minus / 2);
}

// samples(t): those of tap t, one after the other.
template <PlanePass kPass, class Samples>
HWY_INLINE void weigh_plainly(const Samples& samples, std::size_t plus, std::size_t minus, const std::uint32_t* weights,
                              std::size_t count, std::int16_t* out) {
  constexpr int kCut = cut_bits(kPass);
  const bool is_cut = plus + minus <= kMostCutTaps;
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t sum = is_cut ? bias_of(plus, minus) : 1 << (kCut - 1);
    for (std::size_t t = 0; t < plus + minus; ++t) {
      const std::int64_t product = std::int64_t{samples(t)[i]} * static_cast<std::uint16_t>(weights[t]);
      const std::int64_t part = is_cut ? product >> kCut : product;
      sum += t < plus ? part : -part;
    }
    out[i] = static_cast<std::int16_t>(std::clamp<std::int64_t>(is_cut ? sum : sum >> kCut, 0, kMostSample));
  }
}

// Not lambdas, which would be compiled for the baseline.
struct RowSamples {
  const std::uint8_t* const* rows;
  HWY_INLINE const std::uint8_t* operator()(std::size_t t) const { return rows[t]; }
};
struct ColumnSamples {
  const std::int16_t* columns;
  const std::uint32_t* places;
  HWY_INLINE const std::int16_t* operator()(std::size_t t) const { return columns + places[t]; }
};

void blend_plainly(const std::uint8_t* const* rows, std::size_t plus, std::size_t minus, const std::uint32_t* weights,
                   std::size_t count, std::int16_t* out) {
  weigh_plainly<PlanePass::of_bytes>(RowSamples{rows}, plus, minus, weights, count, out);
}

void squeeze_plainly(const std::int16_t* columns, const PlaneAxis& axis, const PlaneTaps& taps, std::int16_t* out) {
  weigh_plainly<PlanePass::of_samples>(ColumnSamples{columns, axis.places + taps.first}, taps.plus, taps.minus,
                                       axis.weights + taps.first, kBandRows, out);
}

#if HWY_TARGET == HWY_SCALAR

void blend(const std::uint8_t* const* rows, std::size_t plus, std::size_t minus, const std::uint32_t* weights,
           std::size_t count, std::span<const std::uint8_t* const>, std::int16_t* out) {
  blend_plainly(rows, plus, minus, weights, count, out);
}

void squeeze(const std::int16_t* columns, const PlaneAxis& axis, std::int16_t* out, std::size_t out_column) {
  for (const PlaneTaps& taps : axis.results) {
    squeeze_plainly(columns, axis, taps, out);
    out += out_column;
  }
}

void transpose(const std::int16_t* in, std::size_t in_row, std::size_t rows, std::size_t columns, std::int16_t* out,
               std::size_t out_row) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * out_row + r] = in[r * in_row + c];
}

#else

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::CappedTag<std::uint8_t, 64>;
constexpr Bytes kBytes;
constexpr hn::Repartition<std::uint16_t, Bytes> kWords;
constexpr hn::Repartition<std::int16_t, Bytes> kSigned;
constexpr hn::Repartition<std::uint32_t, Bytes> kPairs;
using VBytes = hn::Vec<Bytes>;
using V16 = hn::Vec<decltype(kWords)>;
using VSigned = hn::Vec<decltype(kSigned)>;
constexpr std::size_t kVectorBytes = hn::MaxLanes(Bytes()), kVectorWords = kVectorBytes / 2;

// Sums are right modulo 2^16. With lobes they reach from minus a half of the largest sample to one and a half of it:
// less than 2^16, once kBelow is added.
constexpr int kBelow = (65536 - kMostSample) / 2;

HWY_INLINE V16 start_of(std::size_t plus, std::size_t minus) {
  return hn::Set(kWords, static_cast<std::uint16_t>(kBelow + bias_of(plus, minus)));
}
HWY_INLINE V16 both(std::uint32_t weights) { return hn::BitCast(kWords, hn::Set(kPairs, weights)); }
HWY_INLINE VSigned bounded(V16 sum) {
  const V16 above = hn::SaturatedSub(sum, hn::Set(kWords, kBelow));
  return hn::BitCast(kSigned, hn::Min(above, hn::Set(kWords, kMostSample)));
}

// Of 16-byte blocks of words one from `first`, one from `second`, and so on.
template <class D, class V>
HWY_INLINE void store_alternating(D d, V first, V second, std::int16_t* to) {
  constexpr std::size_t kBlocks = hn::MaxLanes(D()) / 8;
  if constexpr (kBlocks == 1) {
    hn::StoreU(first, d, to);
    hn::StoreU(second, d, to + hn::MaxLanes(d));
  } else if constexpr (kBlocks == 2) {
    hn::StoreU(hn::ConcatLowerLower(d, second, first), d, to);
    hn::StoreU(hn::ConcatUpperUpper(d, second, first), d, to + hn::MaxLanes(d));
  } else {
    constexpr hn::Half<D> kHalf;
    store_alternating(kHalf, hn::LowerHalf(kHalf, first), hn::LowerHalf(kHalf, second), to);
    store_alternating(kHalf, hn::UpperHalf(kHalf, first), hn::UpperHalf(kHalf, second), to + hn::MaxLanes(d));
  }
}

// Of a vector of bytes the lower and the upper halves of its 16-byte blocks, in two vectors.
struct Halves {
  V16 low, high;

  // No constructor: those that the compiler makes are for the baseline.
  HWY_INLINE void start(V16 value) { low = high = value; }
  template <bool kPlus>
  HWY_INLINE void add(VBytes bytes, V16 weight) {
    const VBytes zero = hn::Zero(kBytes);
    const V16 first = hn::MulHigh(hn::BitCast(kWords, hn::InterleaveLower(kBytes, zero, bytes)), weight);
    const V16 second = hn::MulHigh(hn::BitCast(kWords, hn::InterleaveUpper(kBytes, zero, bytes)), weight);
    low = kPlus ? hn::Add(low, first) : hn::Sub(low, first);
    high = kPlus ? hn::Add(high, second) : hn::Sub(high, second);
  }
  HWY_INLINE void store(std::int16_t* to) const { store_alternating(kSigned, bounded(low), bounded(high), to); }
};

// kCount vectors side by side.
template <std::size_t kCount>
HWY_INLINE void blend_vectors(const std::uint8_t* const* rows, std::size_t plus, std::size_t minus,
                              const std::uint32_t* weights, std::size_t at, std::int16_t* out) {
  Halves sums[kCount];
  HWY_UNROLL(4)
  for (Halves& sum : sums) sum.start(start_of(plus, minus));
  for (std::size_t t = 0; t < plus; ++t) {
    const V16 weight = both(weights[t]);
    const std::uint8_t* const row = rows[t] + at;
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kCount; ++v)
      sums[v].template add<true>(hn::LoadU(kBytes, row + v * kVectorBytes), weight);
  }
  for (std::size_t t = plus; t < plus + minus; ++t) {
    const V16 weight = both(weights[t]);
    const std::uint8_t* const row = rows[t] + at;
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kCount; ++v)
      sums[v].template add<false>(hn::LoadU(kBytes, row + v * kVectorBytes), weight);
  }
  HWY_UNROLL(4)
  for (std::size_t v = 0; v < kCount; ++v) sums[v].store(out + at + v * kVectorBytes);
}

void blend(const std::uint8_t* const* rows, std::size_t plus, std::size_t minus, const std::uint32_t* weights,
           std::size_t count, std::span<const std::uint8_t* const> next, std::int16_t* out) {
  constexpr std::size_t kSideBySide = 128 / kVectorBytes, kLine = 64;
  if (count < kVectorBytes || plus + minus > kMostCutTaps) return blend_plainly(rows, plus, minus, weights, count, out);
  std::size_t i = 0;
  for (; i + kSideBySide * kVectorBytes <= count; i += kSideBySide * kVectorBytes) {
    for (const std::uint8_t* const row : next)
      for (std::size_t line = 0; line < kSideBySide * kVectorBytes; line += kLine) hwy::Prefetch(row + i + line);
    blend_vectors<kSideBySide>(rows, plus, minus, weights, i, out);
  }
  for (; i + kVectorBytes <= count; i += kVectorBytes) blend_vectors<1>(rows, plus, minus, weights, i, out);
  if (i < count) blend_vectors<1>(rows, plus, minus, weights, count - kVectorBytes, out);
}

void squeeze(const std::int16_t* columns, const PlaneAxis& axis, std::int16_t* out, std::size_t out_column) {
  constexpr std::size_t kVectors = kBandRows / kVectorWords;
  for (const PlaneTaps& taps : axis.results) {
    if (taps.plus + taps.minus > kMostCutTaps) {
      squeeze_plainly(columns, axis, taps, out);
      out += out_column;
      continue;
    }
    const std::uint32_t *const places = axis.places + taps.first, *const weights = axis.weights + taps.first;
    V16 sums[kVectors];
    HWY_UNROLL(4)
    for (V16& sum : sums) sum = start_of(taps.plus, taps.minus);
    for (std::size_t t = 0; t < taps.plus; ++t) {
      const V16 weight = both(weights[t]);
      const std::int16_t* const column = columns + places[t];
      HWY_UNROLL(4)
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[v] =
            hn::Add(sums[v], hn::MulHigh(hn::BitCast(kWords, hn::LoadU(kSigned, column + v * kVectorWords)), weight));
    }
    for (std::size_t t = taps.plus; t < taps.plus + taps.minus; ++t) {
      const V16 weight = both(weights[t]);
      const std::int16_t* const column = columns + places[t];
      HWY_UNROLL(4)
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[v] =
            hn::Sub(sums[v], hn::MulHigh(hn::BitCast(kWords, hn::LoadU(kSigned, column + v * kVectorWords)), weight));
    }
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(bounded(sums[v]), kSigned, out + v * kVectorWords);
    out += out_column;
  }
}

constexpr std::size_t kBlockSide = 8;  // words of 16 bytes
// Of what is turned at once: vectors of one or two blocks are read and written.
using Tile = hn::CappedTag<std::int16_t, 2 * kBlockSide>;
constexpr Tile kTile;
using VTile = hn::Vec<Tile>;
constexpr std::size_t kTileSide = hn::MaxLanes(Tile());

// Each row and the one four further on become two, in which their words alternate: three times, and every block of
// 8 x 8 is turned.
HWY_INLINE void alternate(const VTile (&from)[kBlockSide], VTile (&to)[kBlockSide]) {
  HWY_UNROLL(4)
  for (std::size_t i = 0; i < kBlockSide / 2; ++i) {
    to[2 * i] = hn::InterleaveLower(kTile, from[i], from[i + kBlockSide / 2]);
    to[2 * i + 1] = hn::InterleaveUpper(kTile, from[i], from[i + kBlockSide / 2]);
  }
}

HWY_INLINE void turn_blocks(const std::int16_t* in, std::size_t in_row, VTile (&turned)[kBlockSide]) {
  VTile rows[kBlockSide], between[kBlockSide];
  HWY_UNROLL(8)
  for (VTile& row : rows) {
    row = hn::LoadU(kTile, in);
    in += in_row;
  }
  alternate(rows, between);
  alternate(between, rows);
  alternate(rows, turned);
}

// No part of the loops around it, of which the compiler would keep an address for each row, in registers of vectors.
HWY_NOINLINE void transpose_tile(const std::int16_t* in, std::size_t in_row, std::int16_t* out, std::size_t out_row) {
  VTile upper[kBlockSide], lower[kBlockSide];
  turn_blocks(in, in_row, upper);
  if constexpr (kTileSide == 2 * kBlockSide) {
    turn_blocks(in + kBlockSide * in_row, in_row, lower);
    HWY_UNROLL(8)
    for (std::size_t i = 0; i < kBlockSide; ++i) {
      hn::StoreU(hn::ConcatLowerLower(kTile, lower[i], upper[i]), kTile, out + i * out_row);
      hn::StoreU(hn::ConcatUpperUpper(kTile, lower[i], upper[i]), kTile, out + (i + kBlockSide) * out_row);
    }
  } else {
    HWY_UNROLL(8)
    for (std::size_t i = 0; i < kBlockSide; ++i) hn::StoreU(upper[i], kTile, out + i * out_row);
  }
}

void transpose(const std::int16_t* in, std::size_t in_row, std::size_t rows, std::size_t columns, std::int16_t* out,
               std::size_t out_row) {
  // Down first: what is written stays in the first-level cache until its lines are whole.
  for (std::size_t c = 0; c < columns; c += kTileSide)
    for (std::size_t r = 0; r < rows; r += kTileSide) {
      if (r + kTileSide <= rows && c + kTileSide <= columns) {
        transpose_tile(in + r * in_row + c, in_row, out + c * out_row + r, out_row);
        continue;
      }
      for (std::size_t y = r; y < std::min(r + kTileSide, rows); ++y)
        for (std::size_t x = c; x < std::min(c + kTileSide, columns); ++x) out[x * out_row + y] = in[y * in_row + x];
    }
}

#endif

}  // namespace

const PlaneKernels kPlanes{&blend, &squeeze, &transpose};

}  // namespace mobilenet::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet {
namespace {

constexpr KernelRow<PlaneKernels> kBestFirst[] = {
    MOBILENET_ROW_PER_TARGET(kPlanes),
};

}  // namespace

std::span<const KernelRow<PlaneKernels>> runnable_plane_kernels() {
  static const auto runnable = find_runnable(kBestFirst);
  return runnable.all();
}

}  // namespace mobilenet
#endif
