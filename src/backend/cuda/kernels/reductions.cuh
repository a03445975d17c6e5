// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One number of all threads of a warp or block, scores as keys that integers compare, and functions of scores that
// round as the host's do: exponentials and what must not be fused.

#include <cmath>
#include <cstdint>

namespace mobilenet::cuda {

using Key = unsigned long long;
constexpr unsigned kAllLanes = 0xffffffff;

struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return b > a ? b : a;
  }
};
struct Sum {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

// All lanes get it.
template <class T, class Combine>
__device__ inline T over_warp(T value, const Combine& combine) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value = combine(value, __shfl_xor_sync(kAllLanes, value, distance));
  return value;
}

// All threads get it; `none` changes nothing. Two calls in a row need `parts` of their own, or a barrier between.
template <class T, class Combine>
__device__ inline T over_block(T value, const Combine& combine, T none, T (&parts)[32]) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
  value = over_warp(value, combine);
  if (lane == 0) parts[warp] = value;
  __syncthreads();
  return over_warp(lane < warps ? parts[lane] : none, combine);
}

// The same for keys, in two instructions where there are such.
__device__ inline Key largest_of_warp(Key key) {
#if __CUDA_ARCH__ >= 800
  const auto own = static_cast<unsigned>(key >> 32);
  const unsigned high = __reduce_max_sync(kAllLanes, own);
  const unsigned low = __reduce_max_sync(kAllLanes, own == high ? static_cast<unsigned>(key) : 0);
  return static_cast<Key>(high) << 32 | low;
#else
  return over_warp(key, Larger());
#endif
}
__device__ inline Key largest_of_block(Key key, Key (&parts)[32]) {
  const int lane = threadIdx.x % 32, warps = blockDim.x / 32;
  key = largest_of_warp(key);
  if (lane == 0) parts[threadIdx.x / 32] = key;
  __syncthreads();
  return largest_of_warp(lane < warps ? parts[lane] : 0);
}

// A larger score has the larger key, of equal ones the lower index; 0 is below all keys. A NaN has the key of the
// least.
__device__ inline Key key_of(float score, unsigned index) {
  const unsigned bits = __float_as_uint(__fadd_rn(score, 0.0f));  // -0 is 0
  const unsigned order = isnan(score) ? 1 : (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<Key>(order) << 32 | static_cast<unsigned>(~index);
}
__device__ inline unsigned index_of(Key key) { return ~static_cast<unsigned>(key); }
__device__ inline float score_of(Key key) {
  const auto order = static_cast<unsigned>(key >> 32);
  return __uint_as_float((order & 0x80000000u) != 0 ? order & 0x7fffffffu : ~order);
}

// The numbers of ScoreFunction (include/mobilenet/detector.h).
enum : std::int32_t { kIdentity = 0, kSigmoidScores = 1, kSoftmaxScores = 2 };

// As libm rounds it, which is why in double: ties between rounded scores are ties on the host, too.
__device__ inline float rounded_exp(float x) { return static_cast<float>(exp(static_cast<double>(x))); }
__device__ inline float rounded_sigmoid(float x) { return __fdiv_rn(1.0f, __fadd_rn(1.0f, rounded_exp(-x))); }

// low + (high - low) * fraction, as the host has it: not fused.
__device__ inline float between(float low, float high, float fraction) {
  return __fadd_rn(low, __fmul_rn(__fsub_rn(high, low), fraction));
}

}  // namespace mobilenet::cuda
