// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Weighted sums of bytes in Pillow's fixed point: int32 sums of bytes times weights of 22 fraction bits, rounded and
// bounded to bytes. Integers, so every instruction set gives the same bytes in whatever order it adds.
//
// Samples are taken four at a time, a quad: the four that an int32 lane adds up. Weights of a quad are split into what
// the instruction set multiplies with, kQuadWords words.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "preprocess/pil_taps.h"
#include "simd/kernel_rows.h"
#include "simd/per_target.h"

namespace mobilenet {

constexpr std::size_t kQuad = 4;       // samples
constexpr std::size_t kQuadWords = 4;  // int32 that hold its weights
// A group is a quad of pixels of four rows: of every row 16 bytes, a quad of reds, of greens, of blues, and four that
// count nothing.
constexpr std::size_t kGroupBytes = 64;
constexpr std::size_t kRowGroupBytes = kGroupBytes / kQuad;

// Where the colours of a pixel lie.
struct PixelBytes {
  int size = 3;
  std::array<int, 3> rgb{0, 1, 2};
};

// The quads of pixels that make one resized pixel.
struct QuadTaps {
  std::size_t first = 0, count = 0;  // groups
  std::size_t words = 0;             // of the first's weights
};

struct ResampleKernels {
  // Four weights, each of at most twice 1, to kQuadWords words.
  void (*split)(const std::int32_t* weights, std::int32_t* words);
  // `pixels` pixels of four rows as groups, of which the last is filled up with anything. Reads nothing else.
  void (*group)(const std::array<const std::uint8_t*, kQuad>& rows, const PixelBytes& pixel, std::size_t pixels,
                std::uint8_t* groups);
  // Resized pixels of four rows, RGB. Writes a byte past the end of a row.
  void (*squeeze)(const std::uint8_t* groups, std::span<const QuadTaps> taps, const std::int32_t* words,
                  const std::array<std::uint8_t*, kQuad>& out);
  // out[i] = the sum over 4 * quads rows of row[i] * weight
  void (*blend)(const std::uint8_t* const* rows, std::size_t quads, const std::int32_t* words, std::size_t samples,
                std::uint8_t* out);
};

MOBILENET_PER_TARGET(ResampleKernels, kResample)
extern const ResampleKernels kResampleVnni;

// The rows that this machine runs, best first.
std::span<const KernelRow<ResampleKernels>> runnable_resample_kernels();

}  // namespace mobilenet
