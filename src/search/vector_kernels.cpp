// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "search/vector_kernels.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "search/vector_kernels.cpp"
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
using Halves = hn::Rebind<hwy::float16_t, Floats>;
using Words = hn::ScalableTag<std::int16_t>;
using Codes = hn::Rebind<std::int8_t, Words>;
using Sums = hn::ScalableTag<std::int32_t>;
constexpr Floats kFloats;
constexpr Words kWords;
constexpr Codes kCodes;
constexpr Sums kSums;
using V = hn::Vec<Floats>;
using S = hn::Vec<Sums>;
constexpr std::size_t kFloatLanes = hn::MaxLanes(Floats());
constexpr std::size_t kWordLanes = hn::MaxLanes(Words());
static_assert(kRowElements % kWordLanes == 0 && kRowElements % kFloatLanes == 0);

// How many rows are multiplied at the same time: for one query, which reads memory as fast as it comes, one after the
// other (two or four streams at a time come at half the rate, Zen 4), else as many as there are registers for.
constexpr std::size_t tile_rows(std::size_t queries) { return queries == 1 ? 1 : HWY_TARGET == HWY_AVX3 ? 4 : 2; }

template <std::size_t kQueries, std::size_t kRows>
HWY_INLINE void multiply_tile(const CodeProduct& p, std::size_t first_row) {
  S even[kQueries][kRows], odd[kQueries][kRows];
  for (std::size_t q = 0; q < kQueries; ++q)
    for (std::size_t r = 0; r < kRows; ++r) even[q][r] = odd[q][r] = hn::Zero(kSums);
  const std::int8_t* const codes = p.codes + first_row * p.stride;
  for (std::size_t i = 0; i < p.stride; i += kWordLanes) {
    hn::Vec<Words> row[kRows];
    for (std::size_t r = 0; r < kRows; ++r) row[r] = hn::PromoteTo(kWords, hn::LoadU(kCodes, codes + r * p.stride + i));
    for (std::size_t q = 0; q < kQueries; ++q) {
      const hn::Vec<Words> query = hn::LoadU(kWords, p.queries + q * p.stride + i);
      for (std::size_t r = 0; r < kRows; ++r)
        even[q][r] = hn::ReorderWidenMulAccumulate(kSums, query, row[r], even[q][r], odd[q][r]);
    }
  }
  for (std::size_t q = 0; q < kQueries; ++q)
    for (std::size_t r = 0; r < kRows; ++r)
      p.sums[q * p.sums_stride + first_row + r] = hn::GetLane(hn::SumOfLanes(kSums, hn::Add(even[q][r], odd[q][r])));
}

template <std::size_t kQueries>
void multiply_rows(const CodeProduct& p) {
  constexpr std::size_t kTileRows = tile_rows(kQueries);
  std::size_t row = 0;
  for (; row + kTileRows <= p.row_count; row += kTileRows) multiply_tile<kQueries, kTileRows>(p, row);
  for (; row < p.row_count; ++row) multiply_tile<kQueries, 1>(p, row);
}

void multiply(const CodeProduct& p) {
  switch (p.query_count) {
    case 1:
      return multiply_rows<1>(p);
    case 2:
      return multiply_rows<2>(p);
    case 3:
      return multiply_rows<3>(p);
    case kTileQueries:
      return multiply_rows<kTileQueries>(p);
  }
}

HWY_INLINE V load_halves(const std::uint16_t* row) {
  return hn::PromoteTo(kFloats, hn::LoadU(Halves(), reinterpret_cast<const hwy::float16_t*>(row)));
}

float dot(const float* query, const std::uint16_t* row, std::size_t stride) {
  constexpr std::size_t kParts = 4;
  V sums[kParts];
  for (V& sum : sums) sum = hn::Zero(kFloats);
  for (std::size_t i = 0; i < stride; i += kParts * kFloatLanes)
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t at = i + part * kFloatLanes;
      sums[part] = hn::MulAdd(hn::LoadU(kFloats, query + at), load_halves(row + at), sums[part]);
    }
  return hn::GetLane(hn::SumOfLanes(kFloats, hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]))));
}

RowMeasures encode(const std::uint16_t* row, std::size_t stride, std::int8_t* codes) {
  V most = hn::Zero(kFloats), squares = hn::Zero(kFloats);
  for (std::size_t i = 0; i < stride; i += kFloatLanes) {
    const V value = load_halves(row + i);
    most = hn::Max(most, hn::Abs(value));
    squares = hn::MulAdd(value, value, squares);
  }
  const float norm = std::sqrt(hn::GetLane(hn::SumOfLanes(kFloats, squares)));
  const float largest = hn::GetLane(hn::MaxOfLanes(kFloats, most));
  // What is not finite has no codes; without F16C Highway takes it for 2^16 and more, which is as far from 1.
  const bool is_number = largest > 0 && norm * 0 == 0;
  const float scale = is_number ? largest / kLargestCode : 0.0f;
  const V per_scale = hn::Set(kFloats, is_number ? kLargestCode / largest : 0.0f), whole = hn::Set(kFloats, scale);
  V errors = hn::Zero(kFloats);
  constexpr hn::Rebind<std::int8_t, Floats> kBytes;
  for (std::size_t i = 0; i < stride; i += kFloatLanes) {
    const V value = load_halves(row + i);
    const auto code = hn::NearestInt(hn::Mul(value, per_scale));
    const V difference = hn::NegMulAdd(hn::ConvertTo(kFloats, code), whole, value);
    errors = hn::MulAdd(difference, difference, errors);
    hn::StoreU(hn::DemoteTo(kBytes, code), kBytes, codes + i);
  }
  // Rounding: n additions of squares lose n * 2^-24 of the sum at most, half of that of its root (n <= kMostElements);
  // each difference 2^-23 of its number at most.
  constexpr float kUp = 1.001f, kDifferences = 1e-6f;
  return {scale, kUp * std::sqrt(hn::GetLane(hn::SumOfLanes(kFloats, errors))) + kDifferences * norm, kUp * norm};
}

}  // namespace

const VectorKernels kVector{&multiply, &dot, &encode};

}  // namespace mobilenet::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilenet {
namespace {

constexpr KernelRow<VectorKernels> kBestFirst[] = {
    MOBILENET_ROW_PER_TARGET(kVector),
};

}  // namespace

std::span<const KernelRow<VectorKernels>> runnable_vector_kernels() {
  static const auto runnable = find_runnable(kBestFirst);
  return runnable.all();
}

const VectorKernels& vector_kernels() { return *best_or_forced(runnable_vector_kernels()).kernels; }

}  // namespace mobilenet
#endif
