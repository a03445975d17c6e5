// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Depthwise convolutions by themselves.
//
//   strips_*          3x3 of halves, channels a multiple of 8: a thread slides along a row; strips_0: dilated, stride 1
//   depthwise_pairs   other windows of at most nine taps in pairs of halves
//   depthwise_halves  windows of more taps, and what halves do not add up well enough: added in float
//   depthwise         any types, any channels
#include "backend/cuda/kernels/ending.cuh"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/windows.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = kForEachThreads;

__device__ inline void take_eight(const uint4& halves, float (&eight)[8]) {
  const auto* const pairs = reinterpret_cast<const __half2*>(&halves);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair = __half22float2(pairs[i]);
    eight[2 * i] = pair.x, eight[2 * i + 1] = pair.y;
  }
}

struct Eight {  // channels
  __half2 pairs[4];
};
__device__ inline Eight load_channels(const uint4* from) {
  const uint4 packed = __ldg(from);
  return *reinterpret_cast<const Eight*>(&packed);
}

// A thread has eight channels, whose weights it keeps, and makes kStrip neighbours of a row at once: columns that
// several of them read are read once. What it waits for is memory: 6 numbers in the cache for one of the output.
// kStride 0: stride 1 and taps apart from each other.
template <int kStride, int kStrip>
__device__ inline void run_strips(const DepthwiseArguments& a) {
  const int groups = a.out_channels / 8, at_once = kThreads / groups;
  const int first = static_cast<int>(threadIdx.x) / groups, group = static_cast<int>(threadIdx.x) - first * groups;
  let_next_kernel_start();
  if (first >= at_once) return;
  Eight weights[9], bias;
#pragma unroll
  for (int tap = 0; tap < 9; ++tap)
    weights[tap] = load_channels(reinterpret_cast<const uint4*>(a.weights) + tap * groups + group);
  const auto* const shifts = reinterpret_cast<const float2*>(a.bias) + group * 4;
#pragma unroll
  for (int k = 0; k < 4; ++k) bias.pairs[k] = __float22half2_rn(__ldg(shifts + k));
  const __half2 least = __float2half2_rn(a.ending.low), most = __float2half2_rn(a.ending.high);
  wait_for_kernel_before();

  const int count = a.images * a.out_height * a.strips_across;
  for (int strip = static_cast<int>(blockIdx.x) * at_once + first; strip < count; strip += gridDim.x * at_once) {
    const int line = divided(strip, a.strips_reciprocal), x = (strip - line * a.strips_across) * kStrip;
    const int image = divided(line, a.height_reciprocal), y = line - image * a.out_height;
    constexpr int kStep = kStride == 0 ? 1 : kStride;
    const int row = y * kStep - a.window.top, column = x * kStep - a.window.left;
    const int apart = kStride == 0 ? a.window.dilation_height : 1, aside = kStride == 0 ? a.window.dilation_width : 1;
    const auto* const from = reinterpret_cast<const uint4*>(a.input) +
                             static_cast<std::int64_t>(image) * a.in_height * a.in_width * groups + group;
    Eight columns[3][3];  // [column of the window][row]
    const auto load_column = [&](int to, int offset) {
      const int at = column + offset;
#pragma unroll
      for (int k = 0; k < 3; ++k) {
        const int line = row + k * apart;
        const bool there = at >= 0 && at < a.in_width && line >= 0 && line < a.in_height;
        columns[to][k] = there ? load_channels(from + (line * a.in_width + at) * groups) : Eight{};
      }
    };
    begin_windows<kStride>(load_column);
    uint4* const to =
        reinterpret_cast<uint4*>(a.output) + (static_cast<std::int64_t>(line) * a.out_width + x) * groups + group;
#pragma unroll
    for (int i = 0; i < kStrip; ++i) {
      const auto [c0, c1, c2] = slide_to<kStride>(i, aside, load_column);
      Eight sum = bias;
#pragma unroll
      for (int k = 0; k < 3; ++k)
#pragma unroll
        for (int pair = 0; pair < 4; ++pair) {
          sum.pairs[pair] = __hfma2(columns[c0][k].pairs[pair], weights[k * 3].pairs[pair], sum.pairs[pair]);
          sum.pairs[pair] = __hfma2(columns[c1][k].pairs[pair], weights[k * 3 + 1].pairs[pair], sum.pairs[pair]);
          sum.pairs[pair] = __hfma2(columns[c2][k].pairs[pair], weights[k * 3 + 2].pairs[pair], sum.pairs[pair]);
        }
#pragma unroll
      for (int pair = 0; pair < 4; ++pair) sum.pairs[pair] = clamp_pair(sum.pairs[pair], least, most);
      if (x + i < a.out_width) to[i * groups] = *reinterpret_cast<const uint4*>(&sum);
    }
  }
}

}  // namespace

// One number of the output by a thread, any types.
extern "C" __global__ void __launch_bounds__(kThreads) depthwise(const __grid_constant__ DepthwiseArguments a) {
  const std::int64_t count = static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * a.out_channels;
  for_each(count, [&](std::int64_t i) {
    const auto [channel, x, y, number] = map_index(i, a.out_height, a.out_width, a.out_channels);
    const std::int64_t image = number * a.in_height * a.in_width;
    float sum = 0;
    for_each_tap(a.window, y, x, a.in_height, a.in_width, [&](int place, int tap) {
      const std::int64_t at = (image + place) * a.in_channels + channel / a.multiplier;
      sum = fmaf(load(a.input, a.in_type, at),
                 load(a.weights, a.weight_type, static_cast<std::int64_t>(tap) * a.out_channels + channel), sum);
    });
    sum += reinterpret_cast<const float*>(a.bias)[channel];
    if (a.residual != 0) sum += load(a.residual, a.residual_type, i);
    store(a.output, a.out_type, i, finish(a.ending, sum));
  });
}

// Eight neighbouring channels by a thread: halves all over, multiplier 1, channels a multiple of 8. In pairs of halves,
// as in blocks; else in float, where taps may be floats.
template <bool kPairs>
__device__ inline void run_depthwise_halves(const DepthwiseArguments& a, int block, int blocks) {
  const int groups = a.out_channels / 8;
  const auto* const input = reinterpret_cast<const uint4*>(a.input);
  const auto* const weights = reinterpret_cast<const uint4*>(a.weights);
  const std::int64_t count = static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * groups;
  for_each(count, block, blocks, [&](std::int64_t i) {
    const auto index = static_cast<unsigned>(i);  // of at most 2^31 elements
    const unsigned pixel = index / groups, group = index - pixel * groups;
    const unsigned line = pixel / a.out_width, x = pixel - line * a.out_width, image = line / a.out_height;
    const unsigned y = line - image * a.out_height, first = image * a.in_height * a.in_width;
    float sums[8] = {};
    __half2 pairs[4] = {};
    for_each_tap(a.window, y, x, a.in_height, a.in_width, [&](int place, int tap) {
      const uint4 numbers = __ldg(input + static_cast<std::int64_t>(first + place) * groups + group);
      if (kPairs) {
        const uint4 weight = __ldg(weights + tap * groups + group);
#pragma unroll
        for (int k = 0; k < 4; ++k)
          pairs[k] = __hfma2(reinterpret_cast<const __half2*>(&numbers)[k],
                             reinterpret_cast<const __half2*>(&weight)[k], pairs[k]);
      } else {
        float x[8], weight[8];
        take_eight(numbers, x);
        if (a.weight_type == Stored::f32)
          load_eight(reinterpret_cast<const float*>(a.weights) + (tap * groups + group) * 8, weight);
        else
          take_eight(__ldg(weights + tap * groups + group), weight);
#pragma unroll
        for (int k = 0; k < 8; ++k) sums[k] = fmaf(x[k], weight[k], sums[k]);
      }
    });
    const auto* const bias = reinterpret_cast<const float4*>(a.bias) + group * 2;
    const float4 low = __ldg(bias), high = __ldg(bias + 1);
    const float shifts[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
    for (int k = 0; k < 8; ++k) {
      if (kPairs) sums[k] = k % 2 == 0 ? __low2float(pairs[k / 2]) : __high2float(pairs[k / 2]);
      sums[k] += shifts[k];
    }
    const std::int64_t at = i * 8;
    store_eight(a, at, a.residual != 0 ? reinterpret_cast<const __half*>(a.residual) + at : nullptr, sums);
  });
}

extern "C" __global__ void __launch_bounds__(kThreads) depthwise_pairs(const __grid_constant__ DepthwiseArguments a) {
  run_depthwise_halves<true>(a, static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x));
}
extern "C" __global__ void __launch_bounds__(kThreads)
    depthwise_bundle(const __grid_constant__ Bundle<DepthwiseArguments> bundle) {
  const int block = static_cast<int>(blockIdx.x), layer = layer_of_block(bundle, block);
  const int first = bundle.first_blocks[layer];
  run_depthwise_halves<true>(bundle.layers[layer], block - first, bundle.first_blocks[layer + 1] - first);
}
extern "C" __global__ void __launch_bounds__(kThreads) depthwise_halves(const __grid_constant__ DepthwiseArguments a) {
  run_depthwise_halves<false>(a, static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x));
}

#define MOBILENET_STRIPS(stride, strip)                                         \
  extern "C" __global__ void __launch_bounds__(kThreads, 2)                     \
      strips_##stride##_##strip(const __grid_constant__ DepthwiseArguments a) { \
    run_strips<stride, strip>(a);                                               \
  }
MOBILENET_STRIPS(0, 4)
MOBILENET_STRIPS(1, 4)
MOBILENET_STRIPS(1, 7)
MOBILENET_STRIPS(2, 4)
MOBILENET_STRIPS(2, 7)

}  // namespace mobilenet::cuda
