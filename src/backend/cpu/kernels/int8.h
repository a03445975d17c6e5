// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The vectorised kernels of integer computation and the layout of their packed filters. All of them see bytes as
// unsigned: an i8 tensor is the u8 tensor whose bytes are exclusive-or'ed with 0x80 and whose zero point is 128 higher
// ("flip"). No kernel subtracts the input's zero point: it is folded into the bias when the filter is packed, and
// padding reads rows of zero-point bytes.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels/isa.h"

namespace mobilenet::cpu {

// Packed filters: blocks of `block` output channels, each
//   int32 bias[block], float scale[block], groups of `group` consecutive depths: [block][group] of int16 (group 2)
//   or int8 (group 4).
// Within a block the channels lie as the accumulators hold them: `interleave` vectors whose 128-bit lanes alternate,
// so that narrowing two vectors into one lane by lane gives the channels back in order.
struct FilterLayout {
  int block;
  int interleave;
  int group;
};

// Where channel c of a block lies.
constexpr int position_in_block(const FilterLayout& layout, int c) {
  const int lane = c / (4 * layout.interleave);
  const int vector = c / 4 % layout.interleave;
  return vector * (layout.block / layout.interleave) + lane * 4 + c % 4;
}

struct PackedFilters {
  const std::byte* blocks = nullptr;
  std::size_t block_bytes = 0;
  int channels = 0;
  int depth = 0;  // of a group of bytes that one output channel reads; not rounded up
  // int8 filters hold weight + shift (a weight minus its zero point needs nine bits); the sums take it back.
  int shift = 0;
};

// From the int32 sum to the byte: nearest even of float(sum) * scale[channel], plus zero point, clamped.
struct ByteOutput {
  std::int32_t zero_point = 0;  // these three for unsigned bytes
  std::int32_t low = 0;
  std::int32_t high = 255;
  std::uint8_t flip = 0;  // 0x80: the bytes are stored as signed
};

// output[r][c] = byte(bias[c] + sum over d of (rows[r][d] ^ flip) * weight[c][d]) for the channels of some blocks.
// rows:   `depth` bytes each; up to 63 bytes are read past the end of each row.
// output: points at channel 0 of row 0; only the channels of the blocks are written.
struct MatmulTask {
  const std::uint8_t* rows = nullptr;
  std::size_t row_stride = 0;
  int row_count = 0;
  std::uint8_t flip = 0;
  const PackedFilters* filters = nullptr;
  int first_block = 0, block_count = 0;
  std::uint8_t* output = nullptr;
  std::size_t output_stride = 0;
  ByteOutput to_byte;
};

// A run of output pixels side by side, all channels:
// output[p][c] = byte(bias[c] + sum over t of (taps[t][p * steps[t] + c] ^ flip) * weight[c][t]).
// taps: a tap outside the picture points at `channels` bytes of zero point and has step 0. Up to 63 bytes are read past
// the channels of each tap.
struct DepthwiseRun {
  const std::uint8_t* const* taps = nullptr;
  const std::ptrdiff_t* steps = nullptr;
  int pixels = 0;
  std::uint8_t flip = 0;
  const PackedFilters* filters = nullptr;  // depth: the number of taps
  std::uint8_t* output = nullptr;          // pixels of filters->channels bytes, without a gap
  ByteOutput to_byte;
};

// output[i] = byte of (bias + (a[i] ^ a_flip) * a_multiplier + (b[i] ^ b_flip) * b_multiplier) >> shift, plus zero
// point, clamped. The zero points of a and b and the rounding are in the bias.
struct AddTask {
  const std::uint8_t* a = nullptr;
  const std::uint8_t* b = nullptr;
  std::uint8_t* output = nullptr;
  std::size_t count = 0;
  std::uint8_t a_flip = 0, b_flip = 0;
  std::int32_t a_multiplier = 0, b_multiplier = 0, bias = 0;
  int shift = 0;
  ByteOutput to_byte;
};

// sums[c] = sum over the rows of (rows[r * row_stride + c] ^ flip). At most 2^23 rows.
struct SumTask {
  const std::uint8_t* rows = nullptr;
  std::size_t row_stride = 0;
  std::size_t row_count = 0;
  int channels = 0;
  std::uint8_t flip = 0;
  std::int32_t* sums = nullptr;
};

// Packed filters of depthwise_3x3 differ from the above: a weight minus its zero point rarely leaves eight bits, so
// each block holds int8 weights[3 columns][block][4], rows 0 to 2 and a zero in each four bytes; then int8 excess of
// the same shape, which is added to them; then in 64 bytes an int32 that says whether any excess of the block is not
// zero.
constexpr int kColumnRows = 4;

struct Int8Kernels {
  FilterLayout matmul_layout;
  // Bytes that matmul needs for itself; `scratch` is 64-byte aligned.
  std::size_t (*matmul_scratch)(int row_count, int depth);
  void (*matmul)(const MatmulTask& task, std::byte* scratch);
  // Rows that share one pass over the filters; a task of a multiple of it wastes nothing.
  int matmul_rows;
  FilterLayout depthwise_layout;
  void (*depthwise)(const DepthwiseRun& run);
  // Null, or faster for filters of 3x3 whose weights minus zero point lie in [-254, 254].
  FilterLayout depthwise_3x3_layout;
  void (*depthwise_3x3)(const DepthwiseRun& run);
  void (*add)(const AddTask& task);
  void (*sum)(const SumTask& task);
};

// The best for one of runnable_isas().
const Int8Kernels& int8_kernels(Isa isa);
// Those that exist for every instruction set: filters of int16 pairs.
const Int8Kernels& int8_pair_kernels(Isa isa);

}  // namespace mobilenet::cpu
