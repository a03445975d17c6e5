// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Reading and writing numbers of any stored type, and what layers end with.

#include <cuda_fp16.h>

#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

// What no half holds, which rounding made an infinity of, becomes no number at all: operators and clamps hand that on
// up to whoever reads the network's last tensors, and a session then computes in floats, where the next clamp would
// make a plausible 6 of an infinity. Of an infinity, times 0 is no number; all others stay.
__device__ inline __half2 held(__half2 x) { return __hfma2(x, __half2{}, x); }
__device__ inline float held(float x) { return fmaf(x, 0.0f, x); }

__device__ inline std::uint32_t two_halves(float low, float high) {
  const __half2 both = held(__floats2half2_rn(low, high));
  return *reinterpret_cast<const std::uint32_t*>(&both);
}
__device__ inline __half one_half(float x) {
  const __half half = __float2half_rn(x);
  return __hfma(half, __half{}, half);
}

__device__ inline float load(Address tensor, Stored type, std::int64_t index) {
  switch (type) {
    case Stored::f32:
      return reinterpret_cast<const float*>(tensor)[index];
    case Stored::f16:
      return __half2float(reinterpret_cast<const __half*>(tensor)[index]);
    case Stored::u8:
      return static_cast<float>(reinterpret_cast<const std::uint8_t*>(tensor)[index]);
    case Stored::i8:
      return static_cast<float>(reinterpret_cast<const std::int8_t*>(tensor)[index]);
    case Stored::i32:
      return static_cast<float>(reinterpret_cast<const std::int32_t*>(tensor)[index]);
    case Stored::i64:
      return static_cast<float>(reinterpret_cast<const std::int64_t*>(tensor)[index]);
  }
  return 0;
}

// Integers lose their fraction.
__device__ inline void store(Address tensor, Stored type, std::int64_t index, float value) {
  switch (type) {
    case Stored::f32:
      reinterpret_cast<float*>(tensor)[index] = value;
      break;
    case Stored::f16:
      reinterpret_cast<__half*>(tensor)[index] = one_half(value);
      break;
    case Stored::u8:
      reinterpret_cast<std::uint8_t*>(tensor)[index] = static_cast<std::uint8_t>(value);
      break;
    case Stored::i8:
      reinterpret_cast<std::int8_t*>(tensor)[index] = static_cast<std::int8_t>(value);
      break;
    case Stored::i32:
      reinterpret_cast<std::int32_t*>(tensor)[index] = static_cast<std::int32_t>(value);
      break;
    case Stored::i64:
      reinterpret_cast<std::int64_t*>(tensor)[index] = static_cast<std::int64_t>(value);
      break;
  }
}

// i / divisor, given the divisor's reciprocal (reciprocal of steps/tiles.h); the instruction takes a twentieth of a
// division's time.
__device__ inline int divided(int i, std::uint32_t reciprocal) {
  return reciprocal == 0 ? i : static_cast<int>(__umulhi(static_cast<std::uint32_t>(i), reciprocal));
}

// The numbers of Activation (layers.h).
enum : std::int32_t { kHardSwish = 3, kHardSigmoid = 4, kSigmoid = 5 };

// fminf and fmaxf would make a number of a NaN.
__device__ inline float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

// The same of two; a NaN stays one.
__device__ inline __half2 clamp_pair(__half2 x, __half2 low, __half2 high) {
#if __CUDA_ARCH__ >= 800
  return __hmin2_nan(__hmax2_nan(x, low), high);
#else
  const float2 numbers = __half22float2(x), least = __half22float2(low), most = __half22float2(high);
  return __floats2half2_rn(clamp(numbers.x, least.x, most.x), clamp(numbers.y, least.y, most.y));
#endif
}

// Tells the host that something is no number, where it asks (Ending).
__device__ inline void set_flag(Address flag, bool is_none) {
  if (is_none && flag != 0) *reinterpret_cast<volatile std::int32_t*>(flag) = 1;
}

// What a layer that ends with a clamp stores, which may let everything pass.
__device__ inline __half2 clamped_halves(float x, float y, __half2 low, __half2 high) {
  return held(clamp_pair(__floats2half2_rn(x, y), low, high));
}

__device__ inline float finish(const Ending& ending, float x) {
  switch (ending.function) {
    case kHardSwish:
      return x * clamp(x + 3, 0, 6) / 6;
    case kHardSigmoid:
      return clamp(x + 3, 0, 6) / 6;
    case kSigmoid:
      return 1 / (1 + expf(-x));
    default:
      return clamp(x, ending.low, ending.high);
  }
}

// A kernel that is launched before the one in front of it is done waits here, before it reads or writes any tensor.
__device__ inline void wait_for_kernel_before() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
// The next kernel may be launched, as far as there is room, up to its wait.
__device__ inline void let_next_kernel_start() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// for_each(count, [&](std::int64_t i) { ... }) over all threads of the grid, or of so many blocks of it, once the
// kernel before is done.
template <class Work>
__device__ inline void for_each(std::int64_t count, int block, int blocks, const Work& work) {
  let_next_kernel_start();
  wait_for_kernel_before();
  const std::int64_t all = static_cast<std::int64_t>(blocks) * kForEachThreads;
  for (std::int64_t i = static_cast<std::int64_t>(block) * kForEachThreads + threadIdx.x; i < count; i += all) work(i);
}
template <class Work>
__device__ inline void for_each(std::int64_t count, const Work& work) {
  for_each(count, static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x), work);
}

// Which layer of a bundle a block of threads belongs to.
template <class Arguments>
__device__ inline int layer_of_block(const Bundle<Arguments>& bundle, int block) {
  int layer = 0;
  while (layer + 1 < bundle.count && block >= bundle.first_blocks[layer + 1]) ++layer;
  return layer;
}

// All threads of a cluster meet; the second kind sees what others wrote to shared memory before. The usual one would
// also wait for stores to global memory.
__device__ inline void meet_cluster() {
#if __CUDA_ARCH__ >= 900
  asm volatile("barrier.cluster.arrive.relaxed.aligned;\n\tbarrier.cluster.wait.aligned;" ::: "memory");
#endif
}
__device__ inline void meet_cluster_with_memory() {
#if __CUDA_ARCH__ >= 900
  asm volatile("fence.acq_rel.cluster;" ::: "memory");
  meet_cluster();
#endif
}

}  // namespace mobilenet::cuda
