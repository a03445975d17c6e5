// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Convolutions and dense layers as matrix products, patches gathered while they are copied: [pixels][depth] x
// [depth][output channels], depth in the order kernel row, kernel column, input channel.
//
//   matrix_*   halves through matrix units, sums in float; input channels a multiple of 8
//   bundle_*   several of these that are small and do not depend on each other
//   vector_*   any stored type, any channels, in float
//   rows       few rows (a classifier's one): a warp for each output channel, weights read once
#include <cooperative_groups.h>

#include "backend/cuda/kernels/ending.cuh"
#include "backend/cuda/kernels/matrix.cuh"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/patches.cuh"
#include "backend/cuda/kernels/windows.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPad = kRowPad;

extern __shared__ __align__(128) unsigned char shared[];

// Where the bias of a pixel's picture begins.
__device__ inline const float* bias_of(const ConvolutionArguments& a, int pixel) {
  const int image = a.bias_stride == 0 ? 0 : pixel / (a.out_height * a.out_width);
  return reinterpret_cast<const float*>(a.bias) + image * a.bias_stride;
}

__device__ inline void finish_single(const ConvolutionArguments& a, int pixel, int channel, float sum) {
  sum += bias_of(a, pixel)[channel];
  if (a.residual != 0)
    sum += load(a.residual, a.residual_type, static_cast<std::int64_t>(pixel) * a.out_channels + channel);
  sum = finish(a.ending, sum);
  set_flag(a.ending.flag, isnan(sum));
  store(a.output, a.out_type, place_of_pixel(a.place, pixel) + channel, sum);
}

// A block of threads makes kRows pixels x kColumns channels, warps 4 x 2 of it; copies of three steps are under way.
// `below`: which tile of pixels, times the parts of its depth, which are a cluster; `beside`: which tile of channels.
template <int kRows, int kColumns>
__device__ inline void multiply_matrices(const ConvolutionArguments& a, int below, int beside) {
  constexpr int kDepth = kStepDepth, kStages = kStepStages, kRow = kDepth + kPad;
  constexpr int kTilesM = kRows / 64, kTilesN = kColumns / 16;  // of a warp: 16 x 8
  constexpr int kRowsBytes = kRows * kRow * 2, kWeightBytes = kColumns * kDepth * 2;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, down = warp % 4, across = warp / 4;
  const int parts = a.depth_parts, part = below % parts;
  const int first_pixel = below / parts * kRows, first_channel = beside * kColumns;
  const int pixels = a.images * a.out_height * a.out_width;
  const int all_steps = a.padded_depth / kDepth, each = (all_steps + parts - 1) / parts;
  const int first_step = part * each, steps = max(min(each, all_steps - first_step), 0);

  // A thread copies chunk threadIdx % 8 of rows threadIdx / 8 + 32 i.
  constexpr int kCopies = kRows / 32;
  Patch patches[kCopies];
#pragma unroll
  for (int i = 0; i < kCopies; ++i)
    patches[i] = patch_of(a, min(first_pixel + static_cast<int>(threadIdx.x) / 8 + 32 * i, pixels - 1));

  const auto copy_weights = [&](int step) {
    unsigned char* const to = shared + step % kStages * (kRowsBytes + kWeightBytes) + kRowsBytes;
    const auto* const from = reinterpret_cast<const unsigned char*>(a.weights);
    constexpr int kChunks = kDepth / 16 * kTileBytes / 16;  // of 16 columns
    for (int i = threadIdx.x; i < kColumns / 16 * kChunks; i += kThreads) {
      const std::int64_t tile = static_cast<std::int64_t>(first_channel / 16 + i / kChunks) * (a.padded_depth / 16) +
                                (first_step + step) * (kDepth / 16);
      copy_16(to + i * 16, from + tile * kTileBytes + i % kChunks * 16);
    }
  };
  const auto copy_rows = [&](int step) {
    auto* const to = reinterpret_cast<__half*>(shared + step % kStages * (kRowsBytes + kWeightBytes));
    const auto* const from = reinterpret_cast<const __half*>(a.input);
    const int depth = (first_step + step) * kDepth + static_cast<int>(threadIdx.x) % 8 * 8;
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      const int row = static_cast<int>(threadIdx.x) / 8 + 32 * i;
      std::int64_t at = -1;
      if (a.is_pointwise == 0)
        at = place_of(a, patches[i], depth, a.in_channels);
      else if (depth < a.depth)
        at = static_cast<std::int64_t>(min(first_pixel + row, pixels - 1)) * a.in_channels + depth;
      copy_16(to + row * kRow + threadIdx.x % 8 * 8, from + max(at, std::int64_t{0}), at >= 0);
    }
  };

  let_next_kernel_start();
  for (int step = 0; step < kStages - 1; ++step)
    if (step < steps) copy_weights(step);
  wait_for_kernel_before();
  for (int step = 0; step < kStages - 1; ++step) {
    if (step < steps) copy_rows(step);
    end_of_copies();
  }
  float sums[kTilesM][kTilesN][4] = {};
  for (int step = 0; step < steps; ++step) {
    wait_for_copies<kStages - 2>();
    __syncthreads();
    if (step + kStages - 1 < steps) {
      copy_weights(step + kStages - 1);
      copy_rows(step + kStages - 1);
    }
    end_of_copies();
    const unsigned char* const stage = shared + step % kStages * (kRowsBytes + kWeightBytes);
    const auto* rows =
        reinterpret_cast<const __half*>(stage) + (down * kTilesM * 16 + lane % 16) * kRow + lane / 16 * 8;
    const auto* weights = reinterpret_cast<const uint4*>(stage + kRowsBytes) + lane;
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
      std::uint32_t left[kTilesM][4];
#pragma unroll
      for (int m = 0; m < kTilesM; ++m) load_matrix(left[m], rows + m * 16 * kRow + k * 16);
#pragma unroll
      for (int n = 0; n < kTilesN / 2; ++n) {
        const uint4 right = weights[((across * kTilesN / 2 + n) * (kDepth / 16) + k) * 32];
#pragma unroll
        for (int m = 0; m < kTilesM; ++m) {
          multiply(sums[m][2 * n], left[m], right.x, right.y);
          multiply(sums[m][2 * n + 1], left[m], right.z, right.w);
        }
      }
    }
  }

  const auto for_each_pair = [&](auto&& take) {
#pragma unroll
    for (int m = 0; m < kTilesM; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half)
#pragma unroll
        for (int n = 0; n < kTilesN; ++n)
          take((down * kTilesM + m) * 16 + lane / 4 + 8 * half, across * kTilesN * 8 + n * 8 + lane % 4 * 2,
               sums[m][n][2 * half], sums[m][n][2 * half + 1]);
  };
  // The sums into shared memory, so that threads have eight channels of a pixel to finish, and those of a cluster find
  // each other's.
  constexpr int kRowFloats = kColumns + kPad;
  auto* const partial = reinterpret_cast<float*>(shared);
  wait_for_copies<0>();
  __syncthreads();
  for_each_pair([&](int row, int column, float x, float y) {
    *reinterpret_cast<float2*>(partial + row * kRowFloats + column) = {x, y};
  });
  const auto residual_of = [&](int row) {
    const std::int64_t at = static_cast<std::int64_t>(first_pixel + row) * a.out_channels + first_channel;
    return a.residual != 0 ? reinterpret_cast<const __half*>(a.residual) + at : nullptr;
  };
  const int columns = min(kColumns, a.out_channels - first_channel);
  const auto finish_eights = [&](auto&& add_sums) {
    for (int i = part * kThreads + static_cast<int>(threadIdx.x); i < kRows * kColumns / 8; i += parts * kThreads) {
      const int row = i / (kColumns / 8), column = i % (kColumns / 8) * 8, pixel = first_pixel + row;
      if (pixel >= pixels || column >= columns) continue;
      float eight[8];
      load_eight(bias_of(a, pixel) + first_channel + column, eight);  // zeros up to whole 16 channels
      add_sums(row * kRowFloats + column, eight);
      const __half* const residual = residual_of(row);
      store_eight(a, place_of_pixel(a.place, pixel) + first_channel + column,
                  residual != nullptr ? residual + column : nullptr, eight);
    }
  };
  const auto finish_singles = [&](auto&& sum_of) {
    store_singles(
        a, first_channel, min(kRows, pixels - first_pixel), columns, part * (kThreads / 32) + warp,
        parts * (kThreads / 32), [&](int row) { return first_pixel + row; }, residual_of,
        [&](int row, int column) {
          return bias_of(a, first_pixel + row)[first_channel + column] + sum_of(row * kRowFloats + column);
        });
  };
#if __CUDA_ARCH__ >= 900
  if (parts > 1) {
    const auto cluster = cooperative_groups::this_cluster();
    meet_cluster_with_memory();
    if (a.place.eights != 0)
      finish_eights([&](int at, float(&eight)[8]) {
        for (int other = 0; other < parts; ++other) add_eight(cluster.map_shared_rank(partial, other) + at, eight);
      });
    else
      finish_singles([&](int at) { return sum_of_cluster(cluster, partial, parts, at); });
    meet_cluster();
    return;
  }
#endif
  __syncthreads();
  if (a.place.eights != 0)
    finish_eights([&](int at, float(&eight)[8]) { add_eight(partial + at, eight); });
  else
    finish_singles([&](int at) { return partial[at]; });
}

// 64 pixels x 64 channels of a group by a block of threads, 4 x 4 by each, in float. blockIdx.z: the group.
__device__ inline void multiply_vectors(const ConvolutionArguments& a) {
  constexpr int kTile = 64, kDepth = 16;
  __shared__ float rows[kDepth][kTile + 4], weights[kDepth][kTile + 4];
  const int pixels = a.images * a.out_height * a.out_width, first_pixel = static_cast<int>(blockIdx.x) * kTile;
  const int in_group = a.in_channels / a.groups, out_group = a.out_channels / a.groups;
  const int group = static_cast<int>(blockIdx.z), first_channel = static_cast<int>(blockIdx.y) * kTile;
  const int down = threadIdx.x / 16 * 4, across = threadIdx.x % 16 * 4;
  let_next_kernel_start();
  wait_for_kernel_before();
  const int copied = threadIdx.x % kTile;  // a row and a column, at depths threadIdx / 64 + 4 i
  const Patch patch = patch_of(a, min(first_pixel + copied, pixels - 1));
  const auto* packed = reinterpret_cast<const float*>(a.weights);
  float sums[4][4] = {};
  for (int first = 0; first < a.depth; first += kDepth) {
    __syncthreads();
    for (int d = threadIdx.x / kTile; d < kDepth; d += kThreads / kTile) {
      const std::int64_t at = place_of(a, patch, first + d, in_group);
      rows[d][copied] = at < 0 ? 0.0f : load(a.input, a.in_type, at + static_cast<std::int64_t>(group) * in_group);
      const int channel = first_channel + copied;
      weights[d][copied] =
          first + d < a.depth && channel < out_group
              ? packed[static_cast<std::int64_t>(first + d) * a.out_channels + group * out_group + channel]
              : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      float x[4], w[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) x[i] = rows[d][down + i], w[i] = weights[d][across + i];
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] = fmaf(x[i], w[j], sums[i][j]);
    }
  }
  for (int i = 0; i < 4; ++i) {
    const int pixel = first_pixel + down + i;
    const float* const bias = bias_of(a, pixel);
    for (int j = 0; j < 4; ++j) {
      const int channel = first_channel + across + j;
      if (pixel >= pixels || channel >= out_group) continue;
      finish_single(a, pixel, group * out_group + channel, sums[i][j]);
    }
  }
}

// One number of the output by a warp: weights [out_channels][depth] of halves, depth a multiple of 8.
__device__ inline void multiply_rows(const ConvolutionArguments& a) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int channel = static_cast<int>(blockIdx.x) * (kThreads / 32) + warp, image = static_cast<int>(blockIdx.y);
  let_next_kernel_start();
  constexpr int kAhead = 5;  // chunks of weights in registers before the wait: 1280 of depth
  uint4 ahead[kAhead];
  const auto* const weights =
      reinterpret_cast<const uint4*>(a.weights) + static_cast<std::int64_t>(channel) * (a.depth / 8);
  const int chunks = channel < a.out_channels ? a.depth / 8 : 0;
#pragma unroll
  for (int i = 0; i < kAhead; ++i)
    if (lane + 32 * i < chunks) ahead[i] = weights[lane + 32 * i];
  wait_for_kernel_before();
  const auto* const row = reinterpret_cast<const uint4*>(a.input) + static_cast<std::int64_t>(image) * (a.depth / 8);
  float sum = 0;
  const auto add = [&](const uint4& w, const uint4& x) {
    const auto* const left = reinterpret_cast<const __half2*>(&w);
    const auto* const right = reinterpret_cast<const __half2*>(&x);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 p = __half22float2(left[i]), q = __half22float2(right[i]);
      sum = fmaf(p.x, q.x, sum);
      sum = fmaf(p.y, q.y, sum);
    }
  };
#pragma unroll
  for (int i = 0; i < kAhead; ++i)
    if (lane + 32 * i < chunks) add(ahead[i], row[lane + 32 * i]);
  for (int i = lane + 32 * kAhead; i < chunks; i += 32) add(weights[i], row[i]);
#pragma unroll
  for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(~0u, sum, other);
  if (lane != 0 || channel >= a.out_channels) return;
  finish_single(a, image, channel, sum);
}

// One number of the output by a thread.
__device__ inline void transpose(const TransposedArguments& a) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  wait_for_kernel_before();
  if (index >= static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * a.out_channels) return;
  const auto [channel, x, y, image] = map_index(index, a.out_height, a.out_width, a.out_channels);
  const auto* const weights = reinterpret_cast<const float*>(a.weights);
  float sum = 0;
  for (int ky = 0; ky < a.window.kernel_height; ++ky) {
    const int below = y + a.window.top - ky * a.window.dilation_height;
    if (below < 0 || below % a.window.stride_height != 0 || below / a.window.stride_height >= a.in_height) continue;
    for (int kx = 0; kx < a.window.kernel_width; ++kx) {
      const int right = x + a.window.left - kx * a.window.dilation_width;
      if (right < 0 || right % a.window.stride_width != 0 || right / a.window.stride_width >= a.in_width) continue;
      const std::int64_t from =
          ((image * a.in_height + below / a.window.stride_height) * a.in_width + right / a.window.stride_width) *
          a.in_channels;
      const float* const taps =
          weights + static_cast<std::int64_t>(ky * a.window.kernel_width + kx) * a.in_channels * a.out_channels +
          channel;
      for (int c = 0; c < a.in_channels; ++c)
        sum = fmaf(load(a.input, a.in_type, from + c), taps[static_cast<std::int64_t>(c) * a.out_channels], sum);
    }
  }
  sum += reinterpret_cast<const float*>(a.bias)[channel];
  store(a.output, a.out_type, index, finish(a.ending, sum));
}

}  // namespace

// As many blocks on a multiprocessor as shared memory lets there be, or nearly: 64 or 128 registers a thread.
#define MOBILENET_MATRIX(rows, columns)                                                                      \
  extern "C" __global__ void __launch_bounds__(kThreads, (rows) == 64 ? 4 : 2)                               \
      matrix_##rows##_##columns(const __grid_constant__ ConvolutionArguments arguments) {                    \
    multiply_matrices<rows, columns>(arguments, static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y)); \
  }
MOBILENET_MATRIX(64, 32)
MOBILENET_MATRIX(64, 64)
MOBILENET_MATRIX(128, 64)
MOBILENET_MATRIX(128, 128)

extern "C" __global__ void __launch_bounds__(kThreads, kBundleBlocksHeld)
    bundle_64_32(const __grid_constant__ Bundle<ConvolutionArguments> bundle) {
  constexpr int kRows = 64, kColumns = 32;
  const int block = static_cast<int>(blockIdx.x), layer = layer_of_block(bundle, block);
  const ConvolutionArguments& a = bundle.layers[layer];
  const int place = block - bundle.first_blocks[layer];
  const int tiles_below = (a.images * a.out_height * a.out_width + kRows - 1) / kRows * a.depth_parts;
  multiply_matrices<kRows, kColumns>(a, place % tiles_below, place / tiles_below);
}

extern "C" __global__ void __launch_bounds__(kThreads)
    vector_64_64(const __grid_constant__ ConvolutionArguments arguments) {
  multiply_vectors(arguments);
}
extern "C" __global__ void __launch_bounds__(kThreads) rows(const __grid_constant__ ConvolutionArguments arguments) {
  multiply_rows(arguments);
}
extern "C" __global__ void __launch_bounds__(kThreads)
    transposed(const __grid_constant__ TransposedArguments arguments) {
  transpose(arguments);
}

}  // namespace mobilenet::cuda
