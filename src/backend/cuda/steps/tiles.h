// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Weights as matrix units take them (kernels/matrix.cuh): tiles of 16 depth x 16 columns of halves, each in the order
// of the lanes of a warp.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backend/cuda/kernels/arguments.h"
#include "base/half.h"

namespace mobilenet::cuda {

constexpr int whole_16(int count) { return (count + 15) / 16 * 16; }

// 2^32 / divisor + 1, 0 for 1, with which kernels divide (kernels/numbers.cuh): right for numbers whose product with
// the divisor is below 2^32.
constexpr std::uint32_t reciprocal(int divisor) {
  return divisor <= 1 ? 0 : static_cast<std::uint32_t>((std::uint64_t{1} << 32) / static_cast<unsigned>(divisor) + 1);
}

// Pixels of the outputs of all images.
template <class Arguments>
std::int64_t pixels_of(const Arguments& arguments) {
  return std::int64_t{arguments.images} * arguments.out_height * arguments.out_width;
}

// A weight as kernels have it. Beyond what halves hold it is no number, as everything made of it then is: the session
// hears of that, and computes in floats (kernels/numbers.cuh).
inline std::uint16_t half_of(float weight) {
  constexpr std::uint16_t kInfinity = 0x7c00, kNoNumber = 0x7e00;
  const std::uint16_t half = float_to_half(weight);
  return (half & 0x7fff) == kInfinity ? kNoNumber : half;
}

// Writes a tile to `to`; weight(depth, column) for both below 16, zero where there is none.
template <class Weight>
void write_tile(std::byte* to, const Weight& weight) {
  for (int lane = 0; lane < 32; ++lane)
    for (int half = 0; half < 8; ++half, to += 2) {
      const int column = lane / 4 + half / 4 * 8;
      const int depth = lane % 4 * 2 + half % 2 + half % 4 / 2 * 8;
      const std::uint16_t value = half_of(weight(depth, column));
      std::memcpy(to, &value, sizeof value);
    }
}

}  // namespace mobilenet::cuda
