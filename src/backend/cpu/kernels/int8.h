// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The vectorised kernels of integer computation and the layout of their packed filters. Whoever calls them sees bytes
// as unsigned: an i8 tensor is the u8 tensor whose bytes are exclusive-or'ed with 0x80 and whose zero point is 128
// higher
// ("flip"). No kernel subtracts the input's zero point: it is folded into the bias when the filter is packed, and
// padding reads rows of zero-point bytes.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels/filter_layout.h"
#include "backend/cpu/kernels/streamed_bytes.h"
#include "simd/per_target.h"

namespace mobilenet::cpu {

// Blocks of a FilterLayout, each
//   int32 bias[block], float scale[block], groups of depths: [block][group] of int16 (group 2) or int8 (group 4 or 8).
// DepthOrder::columns differs: a weight minus its zero point rarely leaves eight bits, so each block holds int8
// weights[3 columns][block][4], rows 0 to 2 and a zero in each four bytes; then int8 excess of the same shape, which is
// added to them; then in 64 bytes an int32 that says whether any excess of the block is not zero.
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

struct Int8MatmulKernels {
  FilterLayout layout;
  int rows;  // that share one pass over the filters; a task of a multiple of it wastes nothing
  std::size_t streamed_bytes = kStreamedBytes;
  // Bytes that `run` needs for itself; `scratch` is 64-byte aligned.
  std::size_t (*scratch_bytes)(int row_count, int depth);
  void (*run)(const MatmulTask& task, std::byte* scratch);
};

struct Int8DepthwiseKernels {
  FilterLayout layout;
  void (*run)(const DepthwiseRun& run);
};

struct Int8ElementwiseKernels {
  void (*add)(const AddTask& task);
  void (*sum)(const SumTask& task);
};

// int8.cpp, for every instruction set: filters of int16 pairs.
MOBILENET_PER_TARGET(Int8MatmulKernels, kInt8Matmul)
MOBILENET_PER_TARGET(Int8DepthwiseKernels, kInt8Depthwise)
MOBILENET_PER_TARGET(Int8ElementwiseKernels, kInt8Elementwise)

// int8_vnni.cpp. The second is for filters of 3x3 whose weights minus zero point lie in [-254, 254].
extern const Int8MatmulKernels kInt8MatmulVnni;
extern const Int8DepthwiseKernels kInt8Depthwise3x3Vnni;

// int8_avx_vnni.cpp, the same with vectors of 256 bits
extern const Int8MatmulKernels kInt8MatmulAvxVnni;
extern const Int8DepthwiseKernels kInt8Depthwise3x3AvxVnni;

// int8_amx.cpp
extern const Int8MatmulKernels kInt8MatmulAmx;

// int8_dot.cpp: ARM's DotProd. The second is for the same filters as that of VNNI.
extern const Int8MatmulKernels kInt8MatmulDot;
extern const Int8DepthwiseKernels kInt8Depthwise3x3Dot;

// int8_i8mm.cpp: ARM's I8MM
extern const Int8MatmulKernels kInt8MatmulI8mm;

}  // namespace mobilenet::cpu
