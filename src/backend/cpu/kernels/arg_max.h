// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The place of the largest number of each of many short rows: the classes of a mask.

#include <cstddef>
#include <cstdint>

#include "simd/per_target.h"

namespace mobilenet::cpu {

// places[r] = the first place that no other of row r is larger than; where a row has a NaN, what comparing one number
// after the other with `<` finds. Rows lie side by side. Up to kReadPadding bytes past the last are read, never used.
struct ArgMaxKernels {
  void (*floats)(const float* rows, std::size_t count, std::size_t columns, std::int32_t* places);
  // flip: 0x80 where the bytes are stored as signed, else 0.
  void (*bytes)(const std::uint8_t* rows, std::size_t count, std::size_t columns, std::uint8_t flip,
                std::int32_t* places);
};

MOBILENET_PER_TARGET(ArgMaxKernels, kArgMax)

}  // namespace mobilenet::cpu
