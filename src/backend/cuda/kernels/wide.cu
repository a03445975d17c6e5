// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Matrix products of halves with many rows and columns, by the warpgroups of sm_90a, whose matrix units take both
// operands from shared memory: what matrix_* of convolution.cu computes. A block of threads makes kRows pixels x
// kColumns channels, each warpgroup 64 pixels of it, in steps of 64 along the depth:
//
//   rows     gathered by all threads, 16 bytes at a time, swizzled on the way
//   weights  packed by the host as they lie in shared memory (wide_place of steps/wide.h), copied by one thread
//
// A step's products run while the threads fetch what a later step multiplies and wait for the next one.
//
// Tiles are large for what they read from the cache: 128 x 128 take 32 KB a step, 192 x 256 take 56 KB for three times
// the work. Two blocks that make different rows of the same columns, as a cluster, each copy half of the weights
// into the shared memory of both: 40 KB a block.
#include "backend/cuda/kernels/ending.cuh"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/patches.cuh"
#include "backend/cuda/kernels/warpgroup.cuh"

namespace mobilenet::cuda {
namespace {

extern __shared__ __align__(1024) unsigned char shared[];

template <int kRows, int kColumns, int kStages, int kTogether>
__device__ inline void multiply_wide(const ConvolutionArguments& a) {
  constexpr int kThreads = 2 * kRows;    // 128 make 64 rows
  constexpr int kLine = kStepDepth * 2;  // bytes of a row or column in a stage
  static_assert(kLine == 128);
  constexpr int kRowsBytes = kRows * kLine, kStageBytes = kRowsBytes + kColumns * kLine;
  constexpr int kGroupBytes = kWideGroup * kLine, kGroups = kColumns / kWideGroup;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int pixels = a.images * a.out_height * a.out_width, steps = a.padded_depth / kStepDepth;

  // Blocks that make the same rows run at about the same time, so that they find them in the cache.
  const int column_blocks = (a.out_channels + kColumns - 1) / kColumns;
  const int rank = static_cast<int>(blockIdx.x) % kTogether, index = static_cast<int>(blockIdx.x) / kTogether;
  const int first_pixel = (index / column_blocks * kTogether + rank) * kRows;
  const int first_channel = index % column_blocks * kColumns, first_group = first_channel / kWideGroup;
  // Of the weights; a last block may lack some, and makes sums that nobody stores of what lies there.
  const int groups = min(kGroups, (a.out_channels + kWideGroup - 1) / kWideGroup - first_group);

  unsigned char* const stages = shared + (kWideAlignment - shared_address(shared) % kWideAlignment) % kWideAlignment;
  auto* const barriers = reinterpret_cast<std::uint64_t*>(stages + kStages * kStageBytes);
  // Where the patch of each row begins: pixel of the image's first, and row << 16 | column, of halves with sign; of a
  // pointwise convolution the pixel itself.
  auto* const places = reinterpret_cast<int2*>(barriers + kWideBarriers);

  const auto copy_weights = [&](int step) {
    if (threadIdx.x != 0) return;
    std::uint64_t* const barrier = barriers + step % kStages;
    expect_bytes(barrier, groups * kGroupBytes);
    constexpr int kBytes = kGroupBytes / kTogether;
    unsigned char* const to = stages + step % kStages * kStageBytes + kRowsBytes + rank * kBytes;
    const auto* const from = reinterpret_cast<const unsigned char*>(a.weights) + rank * kBytes;
    for (int group = 0; group < groups; ++group) {
      const auto* const place = from + (static_cast<std::int64_t>(first_group + group) * steps + step) * kGroupBytes;
      if (kTogether == 1)
        copy_bulk(to + group * kGroupBytes, place, kBytes, barrier);
      else
        copy_bulk_to_all(to + group * kGroupBytes, place, kBytes, barrier, (1 << kTogether) - 1);
    }
  };
  // A thread copies chunk threadIdx % 8 of rows threadIdx / 8 + kApart i.
  constexpr int kApart = kThreads / 8, kCopies = kRows / kApart;
  const int chunk = static_cast<int>(threadIdx.x) % 8, first_row = static_cast<int>(threadIdx.x) / 8;
  const auto copy_rows = [&](int step) {
    const int depth = step * kStepDepth + chunk * 8;
    const auto* const from = reinterpret_cast<const __half*>(a.input);
    unsigned char* const to = stages + step % kStages * kStageBytes + first_row * kLine + (chunk ^ first_row % 8) * 16;
    if (a.is_pointwise != 0) {
      const bool there = depth < a.depth;
#pragma unroll
      for (int i = 0; i < kCopies; ++i)
        copy_16(
            to + kApart * i * kLine,
            from + static_cast<std::int64_t>(places[first_row + kApart * i].x) * a.in_channels + (there ? depth : 0),
            there);
    } else {
#pragma unroll
      for (int i = 0; i < kCopies; ++i) {
        const int2 place = places[first_row + kApart * i];
        const std::int64_t at =
            place_of(a, {place.x, place.y >> 16, static_cast<std::int16_t>(place.y)}, depth, a.in_channels);
        copy_16(to + kApart * i * kLine, from + max(at, std::int64_t{0}), at >= 0);
      }
    }
  };

  // What does not depend on the kernel before.
  let_next_kernel_start();
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < kStages; ++stage) make_barrier(barriers + stage);
    end_of_barriers();
  }
  if (threadIdx.x < kRows) {
    const int pixel = min(first_pixel + static_cast<int>(threadIdx.x), pixels - 1);
    int2 place = {pixel, 0};
    if (a.is_pointwise == 0) {
      const Patch patch = patch_of(a, pixel);
      place = {static_cast<int>(patch.image), patch.row * 65536 | (patch.column & 0xffff)};
    }
    places[threadIdx.x] = place;
  }
  if (kTogether == 1)
    __syncthreads();
  else
    meet_cluster_with_memory();
  for (int step = 0; step < min(steps, kStages); ++step) copy_weights(step);
  // The sums begin with the bias, which has zeros up to whole 16 channels.
  float sums[kColumns / 2];
#pragma unroll
  for (int n = 0; n < kColumns / 8; ++n) {
    const int channel = first_channel + n * 8 + lane % 4 * 2;
    float2 shift = {0, 0};
    if (channel < a.out_channels)
      shift = __ldg(reinterpret_cast<const float2*>(reinterpret_cast<const float*>(a.bias) + channel));
    sums[4 * n] = sums[4 * n + 2] = shift.x, sums[4 * n + 1] = sums[4 * n + 3] = shift.y;
  }
  wait_for_kernel_before();
  for (int step = 0; step < kStages; ++step) {
    if (step < steps) copy_rows(step);
    end_of_copies();
  }

  // Groups of copies are one a step, in their order: kStages before the loop, one in each turn from the third on.
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    if (step == 0)
      wait_for_copies<kStages - 1>();
    else if (step == 1)
      wait_for_copies<kStages - 2>();
    else
      wait_for_copies<kStages - 3>();
    show_to_products();
    wait_for_bytes(barriers + step % kStages, step / kStages % 2);
    __syncthreads();
    const std::uint32_t stage = shared_address(stages) + step % kStages * kStageBytes;
    const std::uint64_t rows = operand(stage + warp / 4 * 64 * kLine), columns = operand(stage + kRowsBytes);
    begin_products();
#pragma unroll
    for (int k = 0; k < kStepDepth / 16; ++k) multiply_64(sums, rows + 2 * k, columns + 2 * k);
    end_of_products();
    // All warpgroups were done with the products of two steps ago when they met; those of the other block, too, when
    // they arrived.
    if (kTogether > 1 && step > 0) wait_for_cluster();
    if (step >= 2) {
      const int next = step - 2 + kStages;
      if (next < steps) {
        copy_weights(next);
        __syncwarp();
        copy_rows(next);
      }
      end_of_copies();
    }
    wait_for_products<1>();
    if (kTogether > 1) arrive_at_cluster();
  }
  wait_for_products<0>();
  hold_sums(sums);
  wait_for_copies<0>();
  __syncthreads();  // nobody reads the stages any more

  // Through shared memory, so that stores are of 16 bytes and of whole rows; a warp needs its own 16 rows only.
  constexpr int kRow = kColumns + kRowPad;
  static_assert(kRows * kRow * 4 <= kStages * kStageBytes);
  const int own = warp * 16;
  const auto for_each_pair = [&](auto&& take) {
#pragma unroll
    for (int n = 0; n < kColumns / 8; ++n)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        take((own + lane / 4 + 8 * half) * kRow + n * 8 + lane % 4 * 2, sums[4 * n + 2 * half],
             sums[4 * n + 2 * half + 1]);
  };
  const auto for_each_eight = [&](auto&& take) {
    constexpr int kEights = kColumns / 8;
    const int column = lane % kEights * 8, channel = first_channel + column;
    if (channel >= a.out_channels) return;
#pragma unroll 4
    for (int row = own + lane / kEights; row < own + 16; row += 32 / kEights) {
      const int pixel = first_pixel + row;
      if (pixel < pixels) take(pixel, channel, row * kRow + column);
    }
  };
  if (a.residual == 0 && stores_clamped_halves(a)) {
    auto* const finished = reinterpret_cast<__half*>(stages);
    const __half2 least = __float2half2_rn(a.ending.low), most = __float2half2_rn(a.ending.high);
    for_each_pair([&](int at, float x, float y) {
      *reinterpret_cast<__half2*>(finished + at) = clamped_halves(x, y, least, most);
    });
    __syncwarp();
    auto* const output = reinterpret_cast<__half*>(a.output);
    for_each_eight([&](int pixel, int channel, int at) {
      *reinterpret_cast<uint4*>(output + place_of_pixel(a.place, pixel) + channel) =
          *reinterpret_cast<const uint4*>(finished + at);
    });
  } else {
    auto* const partial = reinterpret_cast<float*>(stages);
    for_each_pair([&](int at, float x, float y) { *reinterpret_cast<float2*>(partial + at) = {x, y}; });
    __syncwarp();
    const auto residual_of = [&](int pixel) {
      return a.residual == 0 ? nullptr
                             : reinterpret_cast<const __half*>(a.residual) +
                                   static_cast<std::int64_t>(pixel) * a.out_channels + first_channel;
    };
    if (a.place.eights != 0)
      for_each_eight([&](int pixel, int channel, int at) {
        float eight[8];
        load_eight(partial + at, eight);
        const __half* const residual = residual_of(pixel);
        store_eight(a, place_of_pixel(a.place, pixel) + channel,
                    residual != nullptr ? residual + channel - first_channel : nullptr, eight);
      });
    else
      store_singles(
          a, first_channel, 16, min(kColumns, a.out_channels - first_channel), 0, 1,
          [&](int row) { return first_pixel + own + row < pixels ? first_pixel + own + row : -1; },
          [&](int row) { return residual_of(first_pixel + own + row); },
          [&](int row, int column) { return partial[(own + row) * kRow + column]; });
  }
  __syncwarp();
  if (kTogether > 1) wait_for_cluster();
}

}  // namespace

#define MOBILENET_WIDE(name, rows, columns, stages, together, each)  \
  extern "C" __global__ void __launch_bounds__(2 * (rows), each)     \
      name(const __grid_constant__ ConvolutionArguments arguments) { \
    multiply_wide<rows, columns, stages, together>(arguments);       \
  }
MOBILENET_WIDE(wide_192_256, 192, 256, 4, 1, 1)
MOBILENET_WIDE(wide_128_256, 128, 256, 4, 1, 1)
MOBILENET_WIDE(wide_128_128, 128, 128, 3, 1, 2)
MOBILENET_WIDE(pair_192_256, 192, 256, 4, 2, 1)
MOBILENET_WIDE(pair_128_256, 128, 256, 4, 2, 1)
MOBILENET_WIDE(pair_128_128, 128, 128, 3, 2, 2)

}  // namespace mobilenet::cuda
