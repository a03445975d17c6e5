// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How matrix products end: residual, activation, and the store, for BlockArguments and ConvolutionArguments, eight
// channels of a pixel at a time.

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

// What is rare, as functions: eight copies of each would be most of a kernel, and slow it down for want of
// instructions.
__device__ __noinline__ inline float finish_other(std::int32_t function, float x) {
  return finish({0, 0, function}, x);
}
__device__ __noinline__ inline void store_other(Address tensor, Stored type, std::int64_t at, float x) {
  store(tensor, type, at, x);
}

// Whether sums that have their bias need no more than a clamp before they are stored, eight halves at once.
template <class Arguments>
__device__ inline bool stores_clamped_halves(const Arguments& a) {
  return a.ending.function == 0 && a.out_type == Stored::f16 && a.out_channels % 8 == 0;
}

// Eight channels of an output pixel, whose sums and bias are there; `residual`: their halves, or null.
template <class Arguments>
__device__ inline void store_eight(const Arguments& a, int pixel, int channel, const __half* residual,
                                   float (&sums)[8]) {
  const std::int64_t at = static_cast<std::int64_t>(pixel) * a.out_channels + channel;
  const bool whole = a.out_channels % 8 == 0;
  if (residual != nullptr && whole) {
    const uint4 packed = *reinterpret_cast<const uint4*>(residual);
    const auto* const pairs = reinterpret_cast<const __half2*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const float2 pair = __half22float2(pairs[k]);
      sums[2 * k] += pair.x, sums[2 * k + 1] += pair.y;
    }
  } else if (residual != nullptr) {
#pragma unroll
    for (int k = 0; k < 8; ++k)
      if (channel + k < a.out_channels) sums[k] += __half2float(residual[k]);
  }
  const bool clamps = a.ending.function == 0;
  if (stores_clamped_halves(a)) {  // nearly always; pairs take a third of the instructions
    const __half2 least = __float2half2_rn(a.ending.low), most = __float2half2_rn(a.ending.high);
    uint4 packed;
    auto* const pairs = reinterpret_cast<__half2*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) pairs[k] = clamp_pair(__floats2half2_rn(sums[2 * k], sums[2 * k + 1]), least, most);
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
  if (whole && a.out_type == Stored::f16) {
    uint4 packed;
    auto* const words = reinterpret_cast<std::uint32_t*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) words[k] = two_halves(sums[2 * k], sums[2 * k + 1]);
    *reinterpret_cast<uint4*>(reinterpret_cast<__half*>(a.output) + at) = packed;
  } else if (whole && a.out_type == Stored::f32) {
    auto* const to = reinterpret_cast<float4*>(reinterpret_cast<float*>(a.output) + at);
    to[0] = {sums[0], sums[1], sums[2], sums[3]};
    to[1] = {sums[4], sums[5], sums[6], sums[7]};
  } else {
#pragma unroll
    for (int k = 0; k < 8; ++k)
      if (channel + k < a.out_channels) store_other(a.output, a.out_type, at + k, sums[k]);
  }
}

}  // namespace mobilenet::cuda
