// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Operators on maps that multiply nothing: pooling, reductions, enlargement.
#include <cmath>

#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/windows.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = kForEachThreads;

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads) pool(const __grid_constant__ PoolArguments a) {
  const std::int64_t count = static_cast<std::int64_t>(a.images) * a.out_height * a.out_width * a.channels;
  for_each(count, [&](std::int64_t i) {
    const auto [channel, x, y, number] = map_index(i, a.out_height, a.out_width, a.channels);
    const std::int64_t image = number * a.in_height * a.in_width;
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

namespace {

// Where number n of a piece lies in shared memory: neighbouring threads read numbers 4 or 8 places apart, which a word
// between every 32 spreads over all banks.
__device__ inline int spread(int n) { return n + static_cast<int>(static_cast<unsigned>(n) / 32); }
constexpr int kSpread = kResizePiece + kResizePiece / 32;

__device__ inline float mix(float low, float high, float fraction) { return fmaf(high - low, fraction, low); }

// Numbers as 16 bytes of the output, and one of them.
__device__ inline void store_sixteen_bytes(float* to, const float (&x)[4]) {
  *reinterpret_cast<float4*>(to) = {x[0], x[1], x[2], x[3]};
}
__device__ inline void store_sixteen_bytes(__half* to, const float (&x)[8]) {
  *reinterpret_cast<uint4*>(to) = {two_halves(x[0], x[1]), two_halves(x[2], x[3]), two_halves(x[4], x[5]),
                                   two_halves(x[6], x[7])};
}
__device__ inline void store_one(float* to, float x) { *to = x; }
__device__ inline void store_one(__half* to, float x) { *to = one_half(x); }

// A block makes one piece of a run of rows, one after the other. The two rows of the input around them it blends once,
// along the columns, for all rows that lie between the same two: of 65 rows enlarged to 513 these are eight. What is
// left for a number is two reads of shared memory and one blend. A row of numbers begins anywhere among the output's 16
// bytes, whatever its channels; those before the first whole 16 and behind the last are stored by themselves.
template <class Number>
__device__ inline void resize_bilinear(const ResizeArguments& a) {
  constexpr int kEach = 16 / sizeof(Number);
  __shared__ float top[kSpread], bottom[kSpread];
  const int thread = static_cast<int>(threadIdx.x);
  const int row_numbers = a.out_width * a.channels, begin = static_cast<int>(blockIdx.x) * a.piece;
  const int count = row_numbers - begin < a.piece ? row_numbers - begin : a.piece;
  const int rows = a.images * a.out_height, first_row = static_cast<int>(blockIdx.y) * a.rows_each;
  const int end_row = rows - first_row < a.rows_each ? rows : first_row + a.rows_each;
  // The thread's first number, and how far it goes on to its next.
  const int first_column = (begin + thread) / a.channels, first_channel = (begin + thread) - first_column * a.channels;
  const int columns_on = kThreads / a.channels, channels_on = kThreads - columns_on * a.channels;
  const auto* const row_taps = reinterpret_cast<const ResizeTapArguments*>(a.taps);
  const auto* const column_taps = row_taps + a.out_height;
  const auto input = [&](std::int64_t at) {
    return a.in_type == Stored::f16 ? __half2float(reinterpret_cast<const __half*>(a.input)[at])
                                    : reinterpret_cast<const float*>(a.input)[at];
  };
  let_next_kernel_start();
  wait_for_kernel_before();
  bool is_none = false;                 // of what is blended: numbers to store are more
  std::int64_t above = -1, below = -1;  // where the input's rows begin that are blended now
  int image = first_row / a.out_height, y = first_row - image * a.out_height;
  for (int row = first_row; row < end_row; ++row) {
    const ResizeTapArguments tap = row_taps[y];
    const std::int64_t line = static_cast<std::int64_t>(a.in_width) * a.channels;
    const std::int64_t low = (static_cast<std::int64_t>(image) * a.in_height + tap.low) * line;
    const std::int64_t high = (static_cast<std::int64_t>(image) * a.in_height + tap.high) * line;
    if (low != above || high != below) {
      __syncthreads();  // of threads that still read the blend before
      int column = first_column, channel = first_channel;
      for (int n = thread; n < count; n += kThreads) {
        const ResizeTapArguments across = column_taps[column];
        const std::int64_t left = static_cast<std::int64_t>(across.low) * a.channels + channel;
        const std::int64_t right = static_cast<std::int64_t>(across.high) * a.channels + channel;
        const float upper = mix(input(low + left), input(low + right), across.fraction);
        const float lower = mix(input(high + left), input(high + right), across.fraction);
        is_none |= isnan(upper) | isnan(lower);
        top[spread(n)] = upper, bottom[spread(n)] = lower;
        column += columns_on, channel += channels_on;
        if (channel >= a.channels) channel -= a.channels, ++column;
      }
      above = low, below = high;
      __syncthreads();
    }
    const auto number = [&](int n) { return mix(top[spread(n)], bottom[spread(n)], tap.fraction); };
    const std::int64_t at = static_cast<std::int64_t>(row) * row_numbers + begin;
    Number* const to = reinterpret_cast<Number*>(a.output) + at;
    const int until_whole = static_cast<int>(-at & (kEach - 1)), lead = until_whole < count ? until_whole : count;
    const int vectors = (count - lead) / kEach;
    for (int vector = thread; vector < vectors; vector += kThreads) {
      const int n = lead + vector * kEach;
      float numbers[kEach];
#pragma unroll
      for (int k = 0; k < kEach; ++k) numbers[k] = number(n + k);
      store_sixteen_bytes(to + n, numbers);
    }
    if (thread < count - vectors * kEach) {
      const int n = thread < lead ? thread : thread + vectors * kEach;
      store_one(to + n, number(n));
    }
    if (++y == a.out_height) y = 0, ++image;
  }
  set_flag(a.flag, is_none);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads) resize_to_floats(const __grid_constant__ ResizeArguments a) {
  resize_bilinear<float>(a);
}
extern "C" __global__ void __launch_bounds__(kThreads) resize_to_halves(const __grid_constant__ ResizeArguments a) {
  resize_bilinear<__half>(a);
}

}  // namespace mobilenet::cuda
