// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The two passes of plane_taps.h. Integers, so every instruction set gives the same numbers. The pass across rows takes
// bytes as they lie. The one along rows takes kBandRows rows at once, turned so that a column of them lies together,
// and is a pass across rows again.

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd/kernel_rows.h"
#include "simd/per_target.h"

namespace mobilenet {

constexpr std::size_t kBandRows = 32;

// What makes one result: taps of positive weights first.
struct PlaneTaps {
  std::size_t first = 0;  // of PlaneAxis::places and weights
  std::size_t plus = 0, minus = 0;
};
struct PlaneAxis {
  std::span<const PlaneTaps> results;
  const std::uint32_t* places = nullptr;
  const std::uint32_t* weights = nullptr;  // without their signs, twice in every word
};

struct PlaneKernels {
  // `count` columns of rows of bytes. next: rows that the next call reads for the first time, to be fetched meanwhile.
  void (*blend)(const std::uint8_t* const* rows, std::size_t plus, std::size_t minus, const std::uint32_t* weights,
                std::size_t count, std::span<const std::uint8_t* const> next, std::int16_t* out);
  // For every result a column of a band, out_column apart; places count samples from `columns` on.
  void (*squeeze)(const std::int16_t* columns, const PlaneAxis& axis, std::int16_t* out, std::size_t out_column);
  // out[c][r] = in[r][c], rows of these lengths.
  void (*transpose)(const std::int16_t* in, std::size_t in_row, std::size_t rows, std::size_t columns,
                    std::int16_t* out, std::size_t out_row);
};

MOBILENET_PER_TARGET(PlaneKernels, kPlanes)

// The rows that this machine runs, best first.
std::span<const KernelRow<PlaneKernels>> runnable_plane_kernels();

}  // namespace mobilenet
