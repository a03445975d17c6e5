// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators on maps that are no matrix products: depthwise convolutions by themselves, pooling, reductions,
// enlargement.
#include <cmath>

#include "backend/cuda/kernels/ending.cuh"
#include "backend/cuda/kernels/numbers.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = kForEachThreads;

// take(place of the pixel in its map) for the taps of a window inside it.
template <class Take>
__device__ inline void for_each_tap(const WindowArguments& window, int y, int x, int height, int width,
                                    const Take& take) {
  for (int ky = 0; ky < window.kernel_height; ++ky) {
    const int row = y * window.stride_height - window.top + ky * window.dilation_height;
    if (row < 0 || row >= height) continue;
    for (int kx = 0; kx < window.kernel_width; ++kx) {
      const int column = x * window.stride_width - window.left + kx * window.dilation_width;
      if (column >= 0 && column < width) take(row * width + column, ky * window.kernel_width + kx);
    }
  }
}

__device__ inline void add_products(float (&sums)[8], const uint4& x, const uint4& weight) {
  const auto* const left = reinterpret_cast<const __half2*>(&x);
  const auto* const right = reinterpret_cast<const __half2*>(&weight);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 p = __half22float2(left[i]), q = __half22float2(right[i]);
    sums[2 * i] = fmaf(p.x, q.x, sums[2 * i]);
    sums[2 * i + 1] = fmaf(p.y, q.y, sums[2 * i + 1]);
  }
}

}  // namespace

// One number of the output by a thread, any types.
extern "C" __global__ void __launch_bounds__(kThreads) depthwise(const __grid_constant__ DepthwiseArguments a) {
  const std::int64_t count = static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * a.out_channels;
  for_each(count, [&](std::int64_t i) {
    const int channel = static_cast<int>(i % a.out_channels);
    const std::int64_t pixel = i / a.out_channels;
    const int x = static_cast<int>(pixel % a.out_width), y = static_cast<int>(pixel / a.out_width % a.out_height);
    const std::int64_t image = pixel / a.out_width / a.out_height * a.in_height * a.in_width;
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

// Eight neighbouring channels by a thread: halves all over, multiplier 1, channels a multiple of 8. In pairs of halves
// up to nine taps, as in blocks; more are added in float.
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
      const uint4 weight = __ldg(weights + tap * groups + group);
      if (kPairs) {
#pragma unroll
        for (int k = 0; k < 4; ++k)
          pairs[k] = __hfma2(reinterpret_cast<const __half2*>(&numbers)[k],
                             reinterpret_cast<const __half2*>(&weight)[k], pairs[k]);
      } else {
        add_products(sums, numbers, weight);
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

extern "C" __global__ void __launch_bounds__(kThreads) pool(const __grid_constant__ PoolArguments a) {
  const std::int64_t count = static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * a.channels;
  for_each(count, [&](std::int64_t i) {
    const int channel = static_cast<int>(i % a.channels);
    const std::int64_t pixel = i / a.channels;
    const int x = static_cast<int>(pixel % a.out_width), y = static_cast<int>(pixel / a.out_width % a.out_height);
    const std::int64_t image = pixel / a.out_width / a.out_height * a.in_height * a.in_width;
    float value = 0;
    int taps = 0;
    for_each_tap(a.window, y, x, a.in_height, a.in_width, [&](int place, int) {
      const float number = load(a.input, a.in_type, (image + place) * a.channels + channel);
      if (a.is_max == 0)
        value += number;
      else if (taps == 0 || number > value || isnan(number))
        value = number;
      ++taps;
    });
    if (a.is_max == 0 && taps > 0) value /= static_cast<float>(taps);
    store(a.output, a.out_type, i, finish(a.ending, value));
  });
}

// The mean over height and width: a block has 32 channels of an image, eight threads for each.
extern "C" __global__ void __launch_bounds__(kThreads) global_average(const __grid_constant__ PoolArguments a) {
  __shared__ float parts[8][32];
  const int lane = threadIdx.x % 32, part = threadIdx.x / 32, channel = static_cast<int>(blockIdx.y) * 32 + lane;
  const int pixels = a.in_height * a.in_width;
  let_next_kernel_start();
  wait_for_kernel_before();
  float sum = 0;
  if (channel < a.channels)
    for (int pixel = part; pixel < pixels; pixel += 8)
      sum += load(a.input, a.in_type, (static_cast<std::int64_t>(blockIdx.x) * pixels + pixel) * a.channels + channel);
  parts[part][lane] = sum;
  __syncthreads();
  if (part != 0 || channel >= a.channels) return;
  for (int other = 1; other < 8; ++other) sum += parts[other][lane];
  store(a.output, a.out_type, static_cast<std::int64_t>(blockIdx.x) * a.channels + channel,
        finish(a.ending, sum / static_cast<float>(pixels)));
}

// The same of halves, channels a multiple of 64: a block has 64 channels of an image, eight of a pixel for each thread.
extern "C" __global__ void __launch_bounds__(kThreads) global_average_halves(const __grid_constant__ PoolArguments a) {
  constexpr int kParts = kThreads / 8;
  __shared__ float parts[kParts][64];
  const int group = threadIdx.x % 8, part = threadIdx.x / 8, pixels = a.in_height * a.in_width, row = a.channels / 8;
  let_next_kernel_start();
  wait_for_kernel_before();
  const auto* const input = reinterpret_cast<const uint4*>(a.input) +
                            static_cast<std::int64_t>(blockIdx.x) * pixels * row + blockIdx.y * 8 + group;
  float sums[8] = {};
  for (int pixel = part; pixel < pixels; pixel += kParts) {
    const uint4 packed = __ldg(input + static_cast<std::int64_t>(pixel) * row);
    const auto* const pairs = reinterpret_cast<const __half2*>(&packed);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const float2 pair = __half22float2(pairs[k]);
      sums[2 * k] += pair.x, sums[2 * k + 1] += pair.y;
    }
  }
#pragma unroll
  for (int k = 0; k < 8; ++k) parts[part][group * 8 + k] = sums[k];
  __syncthreads();
  if (threadIdx.x >= 64) return;
  float sum = 0;
  for (int other = 0; other < kParts; ++other) sum += parts[other][threadIdx.x];
  store(a.output, a.out_type, static_cast<std::int64_t>(blockIdx.x) * a.channels + blockIdx.y * 64 + threadIdx.x,
        finish(a.ending, sum / static_cast<float>(pixels)));
}

// The numbers of ReduceKind (network/ops.h): maximum, mean, minimum, sum; of a maximum or minimum a NaN wins.
extern "C" __global__ void __launch_bounds__(kThreads) reduce(const __grid_constant__ ReduceArguments a) {
  for_each(a.count, [&](std::int64_t i) {
    const auto offset = [](std::int64_t index, const std::int32_t* extents, const std::int64_t* strides) {
      std::int64_t at = 0;
      for (int axis = kAxes - 1; axis >= 0; --axis) {
        at += index % extents[axis] * strides[axis];
        index /= extents[axis];
      }
      return at;
    };
    const std::int64_t first = offset(i, a.kept_extents, a.kept_strides);
    double sum = 0;
    float extreme = 0;
    for (std::int64_t k = 0; k < a.reduced; ++k) {
      const float x = load(a.input, a.in_type, first + offset(k, a.reduced_extents, a.reduced_strides));
      sum += static_cast<double>(x);
      const bool better = a.kind == 0 ? x > extreme : x < extreme;
      if (k == 0 || better || isnan(x)) extreme = isnan(extreme) && k > 0 ? extreme : x;
    }
    float value = extreme;
    if (a.kind == 1) value = static_cast<float>(sum / static_cast<double>(a.reduced));
    if (a.kind == 3) value = static_cast<float>(sum);
    store(a.output, a.out_type, i, value);
  });
}

extern "C" __global__ void __launch_bounds__(kThreads) resize_bilinear(const __grid_constant__ ResizeArguments a) {
  const std::int64_t count = static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * a.channels;
  for_each(count, [&](std::int64_t i) {
    const int channel = static_cast<int>(i % a.channels);
    const std::int64_t pixel = i / a.channels;
    const auto* const taps = reinterpret_cast<const ResizeTapArguments*>(a.taps);
    const ResizeTapArguments column = taps[a.out_height + pixel % a.out_width];
    const ResizeTapArguments row = taps[pixel / a.out_width % a.out_height];
    const std::int64_t image = pixel / a.out_width / a.out_height * a.in_height * a.in_width;
    const auto at = [&](int y, int x) {
      return load(a.input, a.in_type, (image + static_cast<std::int64_t>(y) * a.in_width + x) * a.channels + channel);
    };
    const auto mix = [](float low, float high, float fraction) { return fmaf(high - low, fraction, low); };
    const float top = mix(at(row.low, column.low), at(row.low, column.high), column.fraction);
    const float bottom = mix(at(row.high, column.low), at(row.high, column.high), column.fraction);
    store(a.output, a.out_type, i, mix(top, bottom, row.fraction));
  });
}

}  // namespace mobilenet::cuda
