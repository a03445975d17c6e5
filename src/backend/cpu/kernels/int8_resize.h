// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Bilinear interpolation of bytes, as resize_element() does it: first down the two rows, once for every output row,
// then across. Exact integers, so the order does not matter.

#include <cstddef>
#include <cstdint>

#include "network/quantized_arithmetic.h"
#include "simd/per_target.h"

namespace mobilenet::cpu {

// One row of output pixels. Up to kReadPadding bytes past the end of `blended` are read, never used.
struct AcrossTask {
  const std::int32_t* blended = nullptr;  // a row of the input's width, down() of it
  const ResizeTap* columns = nullptr;     // one per output pixel
  std::size_t pixels = 0, channels = 0;
  std::uint8_t flip = 0;           // 0x80: the bytes are stored as signed
  std::uint8_t* output = nullptr;  // pixels of `channels` bytes; nothing past them is written
};

struct Int8ResizeKernels {
  // out[i] = (top[i] ^ flip) * (2048 - weight) + (bottom[i] ^ flip) * weight. Whole vectors of at most 64 bytes are
  // read and written past `count`.
  void (*down)(const std::uint8_t* top, const std::uint8_t* bottom, std::size_t count, std::uint8_t flip,
               std::int32_t weight, std::int32_t* out);
  void (*across)(const AcrossTask& task);
};

MOBILENET_PER_TARGET(Int8ResizeKernels, kInt8Resize)

}  // namespace mobilenet::cpu
