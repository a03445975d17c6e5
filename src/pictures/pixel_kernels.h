// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Rows of pixels from one form to another. Integers and exact, so that every instruction set gives the same bytes.

#include <cstddef>
#include <cstdint>
#include <span>

#include "pictures/ycbcr.h"
#include "simd/kernel_rows.h"
#include "simd/per_target.h"

namespace mobilenet {

// A level of so few bits as one of eight: the highest bits again below, so that all ones become 255.
inline std::uint8_t widened(unsigned level, int bits) {
  return static_cast<std::uint8_t>(level << (8 - bits) | level >> (2 * bits - 8));
}

// How pixels are written: red, green and blue, or the other way round; three bytes, or four of which the last is 255.
struct RgbForm {
  bool blue_first = false, has_alpha = false;
};

struct PixelKernels {
  // Byte `offset` of each of `count` pixels of 1, 2 or 4 bytes.
  void (*take)(const std::uint8_t* pixels, int pixel_bytes, int offset, std::size_t count, std::uint8_t* out);
  // Each of `count` bytes twice.
  void (*repeat)(const std::uint8_t* bytes, std::size_t count, std::uint8_t* out);
  // `count` pixels, each of a byte of all three rows.
  void (*rgb_of_ycbcr)(const YcbcrMatrix& matrix, const std::uint8_t* luma, const std::uint8_t* cb,
                       const std::uint8_t* cr, std::size_t count, RgbForm form, std::uint8_t* out);
  // The same of samples with kFineBits of fraction, 0 to 255; three bytes, red first.
  void (*rgb_of_fine_ycbcr)(const YcbcrMatrix& matrix, const std::int16_t* luma, const std::int16_t* cb,
                            const std::int16_t* cr, std::size_t count, std::uint8_t* out);
  // Of pixels of 16 bits; levels of 5 and 6 bits have their highest bits again below, so that all ones become 255.
  void (*rgb_of_565)(const std::uint8_t* pixels, std::size_t count, RgbForm form, std::uint8_t* out);
  // Of pixels of 1 (grey), 3 or 4 bytes.
  void (*rgb_of_bytes)(const std::uint8_t* pixels, int pixel_bytes, bool blue_first, std::size_t count, RgbForm form,
                       std::uint8_t* out);
};

MOBILENET_PER_TARGET(PixelKernels, kPixels)

// The rows that this machine runs, best first.
std::span<const KernelRow<PixelKernels>> runnable_pixel_kernels();

}  // namespace mobilenet
