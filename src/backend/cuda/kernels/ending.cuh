// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How matrix products end: residual, activation, and the store, for BlockArguments, ConvolutionArguments
// and halves of DepthwiseArguments: eight channels of a pixel at a time, or number by number.

#include "backend/cuda/kernels/matrix.cuh"
#include "backend/cuda/kernels/numbers.cuh"

namespace mobilenet::cuda {

__device__ inline void add_eight(const float4& low, const float4& high, float (&eight)[8]) {
  eight[0] += low.x, eight[1] += low.y, eight[2] += low.z, eight[3] += low.w;
  eight[4] += high.x, eight[5] += high.y, eight[6] += high.z, eight[7] += high.w;
}
__device__ inline void add_eight(const float* from, float (&eight)[8]) {
  add_eight(*reinterpret_cast<const float4*>(from), *reinterpret_cast<const float4*>(from + 4), eight);
}
__device__ inline void load_eight(const float* from, float (&eight)[8]) {
  const float4 low = *reinterpret_cast<const float4*>(from), high = *reinterpret_cast<const float4*>(from + 4);
  eight[0] = low.x, eight[1] = low.y, eight[2] = low.z, eight[3] = low.w;
  eight[4] = high.x, eight[5] = high.y, eight[6] = high.z, eight[7] = high.w;
}

// What is rare, as functions: copies of each would be most of a kernel, and slow it down for want of instructions.
__device__ __noinline__ inline float finish_other(std::int32_t function, float x) {
  return finish({0, 0, function}, x);
}
__device__ __noinline__ inline void store_other(Address tensor, Stored type, std::int64_t at, float x) {
  store(tensor, type, at, x);
}

// Whether sums that have their bias need no more than a clamp before they are stored, eight halves at once.
template <class Arguments>
__device__ inline bool stores_clamped_halves(const Arguments& a) {
  return a.ending.function == 0 && a.out_type == Stored::f16 && a.place.eights != 0;
}

// One number's sums of all blocks of a cluster, all on their way before the first is added.
template <class Cluster>
__device__ inline float sum_of_cluster(const Cluster& cluster, float* partial, int parts, int at) {
  float theirs[kMostParts] = {};
#pragma unroll
  for (int other = 0; other < kMostParts; ++other)
    if (other < parts) theirs[other] = cluster.map_shared_rank(partial, other)[at];
  float sum = 0;
#pragma unroll
  for (int other = 0; other < kMostParts; ++other) sum += theirs[other];
  return sum;
}

// Where the first channel of an output pixel lies.
__device__ inline std::int64_t place_of_pixel(const OutputPlace& place, int pixel) {
  std::int64_t at = place.first + static_cast<std::int64_t>(pixel) * place.pixel;
  if (place.line != 0)
    at += static_cast<std::int64_t>(static_cast<unsigned>(pixel) / static_cast<unsigned>(place.line)) * place.between;
  return at;
}

// Eight channels of an output pixel, whose sums and bias are there, where all eights are vectors (OutputPlace::eights);
// `at`: where they belong; `residual`: their halves, or null.
template <class Arguments>
__device__ inline void store_eight(const Arguments& a, std::int64_t at, const __half* residual, float (&sums)[8]) {
  if (residual != nullptr) {
    const uint4 packed = *reinterpret_cast<const uint4*>(residual);
    const auto* const pairs = reinterpret_cast<const __half2*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const float2 pair = __half22float2(pairs[k]);
      sums[2 * k] += pair.x, sums[2 * k + 1] += pair.y;
    }
  }
  const bool clamps = a.ending.function == 0;
  if (clamps && a.out_type == Stored::f16) {  // nearly always; pairs take a third of the instructions
    const __half2 least = __float2half2_rn(a.ending.low), most = __float2half2_rn(a.ending.high);
    uint4 packed;
    auto* const pairs = reinterpret_cast<__half2*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) pairs[k] = clamped_halves(sums[2 * k], sums[2 * k + 1], least, most);
    *reinterpret_cast<uint4*>(reinterpret_cast<__half*>(a.output) + at) = packed;
    return;
  }
  if (clamps) {
#pragma unroll
    for (int k = 0; k < 8; ++k) sums[k] = clamp(sums[k], a.ending.low, a.ending.high);
  } else {
#pragma unroll
    for (int k = 0; k < 8; ++k) sums[k] = finish_other(a.ending.function, sums[k]);
  }
  if (a.out_type == Stored::f16) {
    uint4 packed;
    auto* const words = reinterpret_cast<std::uint32_t*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) words[k] = two_halves(sums[2 * k], sums[2 * k + 1]);
    *reinterpret_cast<uint4*>(reinterpret_cast<__half*>(a.output) + at) = packed;
  } else {
    bool is_none = false;
#pragma unroll
    for (int k = 0; k < 8; ++k) is_none = is_none || isnan(sums[k]);
    set_flag(a.ending.flag, is_none);
    auto* const to = reinterpret_cast<float4*>(reinterpret_cast<float*>(a.output) + at);
    to[0] = {sums[0], sums[1], sums[2], sums[3]};
    to[1] = {sums[4], sums[5], sums[6], sums[7]};
  }
}

// The same for a tile of any output, number by number: a warp takes pixels, its lanes neighbouring channels, so that
// what it stores at once lies together; eight channels by each lane would be eight stores of 32 places each. 273
// channels of scores are such an output.
//   pixels, columns   of the tile; columns of it that there are
//   warp, warps       which of all that share the tile
//   pixel_of(i)       which pixel of the output pixel i of the tile is, -1: none
//   residual_of(i)    halves of the tile's columns there, or null
//   sum_of(i, column) the sum, with its bias
template <class Arguments, class PixelOf, class ResidualOf, class SumOf>
__device__ inline void store_singles(const Arguments& a, int first_channel, int pixels, int columns, int warp,
                                     int warps, const PixelOf& pixel_of, const ResidualOf& residual_of,
                                     const SumOf& sum_of) {
  bool is_none = false;
#pragma unroll 1
  for (int i = warp; i < pixels; i += warps) {
    const int pixel = pixel_of(i);
    if (pixel < 0) continue;
    const std::int64_t at = place_of_pixel(a.place, pixel) + first_channel;
    const __half* const residual = residual_of(i);
#pragma unroll 1
    for (int column = threadIdx.x % 32; column < columns; column += 32) {
      float sum = sum_of(i, column);
      if (residual != nullptr) sum += __half2float(residual[column]);
      sum = a.ending.function == 0 ? clamp(sum, a.ending.low, a.ending.high) : finish_other(a.ending.function, sum);
      is_none |= isnan(sum);
      if (a.out_type == Stored::f32)
        reinterpret_cast<float*>(a.output)[at + column] = sum;
      else
        store_other(a.output, a.out_type, at + column, sum);
    }
  }
  set_flag(a.ending.flag, is_none);
}

}  // namespace mobilenet::cuda
