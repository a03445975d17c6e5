// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A MobileNet block in one kernel: [1x1 expansion, or the 3x3 stem] -> 3x3 depthwise -> 1x1 projection [+ residual], in
// halves with sums of the products in float. What lies between never leaves the multiprocessor: a block of threads
// makes a tile of output pixels, and goes through the hidden channels in slabs:
//
//   shared memory    input tile ----expansion---> hidden slab ----depthwise---> product slab ----projection---> sums in
//                    (all channels) matrix units  (with a border) half2        (no border)     matrix units registers
//
// The weights of a slab lie together in global memory (SlabPacker of steps/block.cpp) and are copied one slab ahead;
// those of the first two slabs before the kernel waits for the one in front of it. Where a map is too small for all
// multiprocessors, the blocks of a cluster share the slabs, and add their sums at the end through each other's shared
// memory.
#include <cooperative_groups.h>

#include <type_traits>

#include "backend/cuda/kernels/block_input.cuh"
#include "backend/cuda/kernels/ending.cuh"
#include "backend/cuda/kernels/matrix.cuh"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/windows.cuh"

namespace mobilenet::cuda {
namespace {

enum class Source { expansion, stem, none };

extern __shared__ __align__(128) unsigned char shared[];

// Where a lane finds what it multiplies, of a tile of 16 pixels: in rows of channels,
struct ChannelRows {
  const __half* row;
  __device__ void load(std::uint32_t (&left)[4], int step) const { load_matrix(left, row + step * 16); }
};
// or in a picture, a line of the window a step: of its 16 numbers a lane takes pixel lane % 4 as a whole, of which the
// fourth has no weights, and may be no number.
struct PatchRows {
  const uint2 *upper, *lower;
  int line;
  bool is_tap;
  __device__ void load(std::uint32_t (&left)[4], int step) const {
    const uint2 above = is_tap ? upper[step * line] : uint2{}, below = is_tap ? lower[step * line] : uint2{};
    left[0] = above.x, left[1] = below.x, left[2] = above.y, left[3] = below.y;
  }
};

// hidden = clamp(input x weights + bias) for the pixels inside the map; `places`: where each lies in the region;
// rows_of(tile): its rows. `steps` of 16 numbers.
template <int kHidden, int kUnroll, class RowsOf>
__device__ inline void expand(const BlockArguments& a, int steps, const unsigned char* weights, int pixels,
                              const std::uint16_t* places, __half* hidden, const RowsOf& rows_of) {
  constexpr int kTilesAtOnce = kHidden == 32 ? 2 : 1;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const __half2 low = __float2half2_rn(a.hidden_low), high = __float2half2_rn(a.hidden_high);
  const int tiles = (pixels + 15) / 16;
  const auto* tile_weights = reinterpret_cast<const uint4*>(weights) + lane;
  const auto* bias = reinterpret_cast<const float2*>(weights + steps * (kHidden / 16) * kTileBytes) + lane % 4;
  constexpr bool kKeepBias = kHidden <= 48;  // in registers; more would not fit beside the projection's sums
  float2 shifts[kHidden / 8];
#pragma unroll
  for (int n = 0; n < kHidden / 8; ++n)
    if (kKeepBias) shifts[n] = bias[n * 4];
#pragma unroll 1
  for (int first = warp * kTilesAtOnce; first < tiles; first += kWarps * kTilesAtOnce) {
    float sums[kTilesAtOnce][kHidden / 8][4];
    decltype(rows_of(0)) rows[kTilesAtOnce];
#pragma unroll
    for (int t = 0; t < kTilesAtOnce; ++t) rows[t] = rows_of(min(first + t, tiles - 1));
    const auto add_products = [&](int k, auto begins) {
      std::uint32_t left[kTilesAtOnce][4];
#pragma unroll
      for (int t = 0; t < kTilesAtOnce; ++t) rows[t].load(left[t], k);
#pragma unroll
      for (int n = 0; n < kHidden / 16; ++n) {
        const uint4 right = tile_weights[(k * (kHidden / 16) + n) * 32];
#pragma unroll
        for (int t = 0; t < kTilesAtOnce; ++t) {
          if constexpr (decltype(begins)::value) {
            multiply_onto(kKeepBias ? shifts[2 * n] : bias[n * 8], sums[t][2 * n], left[t], right.x, right.y);
            multiply_onto(kKeepBias ? shifts[2 * n + 1] : bias[n * 8 + 4], sums[t][2 * n + 1], left[t], right.z,
                          right.w);
          } else {
            multiply(sums[t][2 * n], left[t], right.x, right.y);
            multiply(sums[t][2 * n + 1], left[t], right.z, right.w);
          }
        }
      }
    };
    add_products(0, std::true_type{});
#pragma unroll kUnroll
    for (int k = 1; k < steps; ++k) add_products(k, std::false_type{});
#pragma unroll
    for (int t = 0; t < kTilesAtOnce; ++t)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int pixel = (first + t) * 16 + lane / 4 + 8 * half;
        if (pixel >= pixels) continue;
        __half* const to = hidden + places[pixel] * (kHidden + kPad) + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < kHidden / 8; ++n)
          *reinterpret_cast<__half2*>(to + n * 8) =
              clamp_pair(__floats2half2_rn(sums[t][n][2 * half], sums[t][n][2 * half + 1]), low, high);
      }
  }
}

struct Four {  // channels
  __half2 low, high;
};
__device__ inline Four load_four(const __half* from) { return *reinterpret_cast<const Four*>(from); }
__device__ inline void add_product(Four& sum, const Four& x, const Four& weight) {
  sum.low = __hfma2(x.low, weight.low, sum.low);
  sum.high = __hfma2(x.high, weight.high, sum.high);
}

// product = clamp(depthwise(hidden) + bias). A thread makes kStrip neighbours of a row for four channels, and keeps the
// columns that two of them read in registers. A function of its own, with places in shared memory as numbers, because
// kernels that contain it many times are as large as the cache of instructions, and run at its speed. kStride 0: stride
// 1 and taps `apart` from each other.
template <int kHidden, int kStride, int kStrip>
__device__ __noinline__ void depthwise(int strip_count, int strips, int hidden, int weights, int product, int line,
                                       int apart, __half2 low, __half2 high) {
  constexpr int kGroups = kHidden / 4, kRow = kHidden + kPad, kAtOnce = kThreads / kGroups;
  const int group = threadIdx.x % kGroups;
  if (threadIdx.x >= kAtOnce * kGroups) return;
  const auto* const taps = reinterpret_cast<const __half*>(shared + weights) + group * 4;
  Four weight[9];
#pragma unroll
  for (int tap = 0; tap < 9; ++tap) weight[tap] = load_four(taps + tap * kHidden);
  const Four bias = load_four(taps + 9 * kHidden);
#pragma unroll 1
  for (int i = threadIdx.x / kGroups; i < strip_count; i += kAtOnce) {
    const uint2 strip = reinterpret_cast<const uint2*>(shared + strips)[i];
    const __half* const from = reinterpret_cast<const __half*>(shared + hidden) + group * 4 + strip.x * kRow;
    __half* const to = reinterpret_cast<__half*>(shared + product) + group * 4 + strip.y * kRow;
    Four columns[3][3];  // [column of the window][row]
    const auto load_column = [&](int to, int offset) {
#pragma unroll
      for (int y = 0; y < 3; ++y) columns[to][y] = load_four(from + y * line + offset * kRow);
    };
    begin_windows<kStride>(load_column);
#pragma unroll
    for (int x = 0; x < kStrip; ++x) {
      const auto [c0, c1, c2] = slide_to<kStride>(x, apart, load_column);
      Four sum = bias;
#pragma unroll
      for (int y = 0; y < 3; ++y) {
        add_product(sum, columns[c0][y], weight[y * 3]);
        add_product(sum, columns[c1][y], weight[y * 3 + 1]);
        add_product(sum, columns[c2][y], weight[y * 3 + 2]);
      }
      sum.low = clamp_pair(sum.low, low, high);
      sum.high = clamp_pair(sum.high, low, high);
      *reinterpret_cast<Four*>(to + x * kRow) = sum;
    }
  }
}

// The same with taps and sums in floats, for what halves do not add up well enough (steps/half_sums.h). Such layers are
// few and narrow: nothing is kept from one pixel to the next.
template <int kHidden>
__device__ __noinline__ void depthwise_in_floats(int strip_count, int strips, int strip_pixels, int hidden, int weights,
                                                 int product, int line, int stride, int apart, float low, float high) {
  constexpr int kGroups = kHidden / 4, kRow = kHidden + kPad, kAtOnce = kThreads / kGroups;
  const int group = threadIdx.x % kGroups;
  if (threadIdx.x >= kAtOnce * kGroups) return;
  const auto* const taps = reinterpret_cast<const float4*>(shared + weights) + group;
#pragma unroll 1
  for (int i = threadIdx.x / kGroups; i < strip_count; i += kAtOnce) {
    const uint2 strip = reinterpret_cast<const uint2*>(shared + strips)[i];
    const __half* from = reinterpret_cast<const __half*>(shared + hidden) + group * 4 + strip.x * kRow;
    __half* to = reinterpret_cast<__half*>(shared + product) + group * 4 + strip.y * kRow;
#pragma unroll 1
    for (int x = 0; x < strip_pixels; ++x, from += stride * kRow, to += kRow) {
      float4 sum = taps[9 * kGroups];
#pragma unroll
      for (int tap = 0; tap < 9; ++tap) {
        const Four numbers = load_four(from + tap / 3 * line + tap % 3 * apart * kRow);
        const float2 first = __half22float2(numbers.low), second = __half22float2(numbers.high);
        const float4 weight = taps[tap * kGroups];
        sum.x = fmaf(first.x, weight.x, sum.x), sum.y = fmaf(first.y, weight.y, sum.y);
        sum.z = fmaf(second.x, weight.z, sum.z), sum.w = fmaf(second.y, weight.w, sum.w);
      }
      // Before the clamp, too: what the expansion leaves of an activation without an upper bound may be an infinity.
      const auto end = [&](float x) { return clamp(held(x), low, high); };
      *reinterpret_cast<uint2*>(to) = {two_halves(end(sum.x), end(sum.y)), two_halves(end(sum.z), end(sum.w))};
    }
  }
}

template <int kHidden, bool kFloatTaps>
__device__ inline void depthwise_of(const BlockArguments& a, int strip_count, int strips, int hidden, int weights,
                                    int line) {
  if (kFloatTaps)
    return depthwise_in_floats<kHidden>(strip_count, strips, a.strip, hidden, weights, a.product_offset, line, a.stride,
                                        a.dilation, a.depthwise_low, a.depthwise_high);
  const __half2 low = __float2half2_rn(a.depthwise_low), high = __float2half2_rn(a.depthwise_high);
  const auto run = [&](auto function) {
    function(strip_count, strips, hidden, weights, a.product_offset, line, a.dilation, low, high);
  };
  if (a.dilation != 1)
    run(depthwise<kHidden, 0, 1>);
  else if (a.stride == 1)
    a.strip == 7   ? run(depthwise<kHidden, 1, 7>)
    : a.strip == 4 ? run(depthwise<kHidden, 1, 4>)
                   : run(depthwise<kHidden, 1, 2>);
  else
    a.strip == 7   ? run(depthwise<kHidden, 2, 7>)
    : a.strip == 4 ? run(depthwise<kHidden, 2, 4>)
                   : run(depthwise<kHidden, 2, 2>);
}

// sums += product x weights. Of the tiles of 16 pixels and of 16 columns a warp takes every so many.
template <int kHidden, int kTilesM, int kTilesN>
__device__ inline void project(const BlockArguments& a, const __half* product, const unsigned char* weights, int tiles,
                               float (&sums)[kTilesM][kTilesN][4]) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int down = kWarps / a.warps_across, first = warp % down, column = warp / down;
  const auto* tile_weights = reinterpret_cast<const uint4*>(weights) + lane;
#pragma unroll
  for (int k = 0; k < kHidden / 16; ++k) {
    std::uint32_t left[kTilesM][4];
#pragma unroll
    for (int m = 0; m < kTilesM; ++m) {
      const int pixel = min(first + m * down, tiles - 1) * 16 + lane % 16;
      load_matrix(left[m], product + pixel * (kHidden + kPad) + k * 16 + lane / 16 * 8);
    }
#pragma unroll
    for (int n = 0; n < kTilesN / 2; ++n) {
      const int at = column + n * a.warps_across;
      if (at * 16 >= a.columns) break;
      const uint4 right = tile_weights[(at * (kHidden / 16) + k) * 32];
#pragma unroll
      for (int m = 0; m < kTilesM; ++m) {
        multiply(sums[m][2 * n], left[m], right.x, right.y);
        multiply(sums[m][2 * n + 1], left[m], right.z, right.w);
      }
    }
  }
}

template <Source kSource, int kHidden, int kTilesM, int kTilesN, bool kFloatTaps>
__device__ inline void run_block(const BlockArguments& a) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int parts = a.parts, cluster_index = divided(static_cast<int>(blockIdx.x), a.parts_reciprocal);
  const int part = static_cast<int>(blockIdx.x) - cluster_index * parts;
  const Tile tile = tile_of(a, cluster_index);
  const int first_slab = part * a.slabs_each, slabs = min(a.slabs_each, a.slabs - first_slab);
  const int projection_bytes = a.columns * kHidden * 2, stage_bytes = a.front_bytes + projection_bytes;
  const int region = tile.region_height * tile.region_width, region_halves = a.tile_images * region * (kHidden + kPad);
  const int out_pixels = a.tile_images * a.tile_height * a.tile_width, out_tiles = (out_pixels + 15) / 16;

  auto* const input = reinterpret_cast<__half*>(shared + a.input_offset);
  auto* const hidden = reinterpret_cast<__half*>(shared + a.hidden_offset);
  auto* const product = reinterpret_cast<__half*>(shared + a.product_offset);
  unsigned char* const stages = shared + a.weight_offset;
  const int pixels = kSource == Source::none ? a.tile_images * region : a.tile_images * tile.height * tile.width;
  const int strip_count = a.tile_images * a.tile_height * a.strips_across;
  // The projection's bias; which pixel of the output each of the tile is; where a strip begins in the region and in the
  // tile; which row of the input tile is a pixel's residual; which pixel of the input each copied one is; where each
  // pixel inside the map lies in the region, and where a stem's window of it begins in the picture's tile.
  auto* const bias = reinterpret_cast<float*>(shared + a.table_offset);
  auto* const out_places = reinterpret_cast<int*>(bias + a.columns);
  const int strips_offset = a.table_offset + a.columns * 4 + (out_pixels + 1) / 2 * 8;
  auto* const strips = reinterpret_cast<uint2*>(shared + strips_offset);
  auto* const residual_rows = reinterpret_cast<int*>(strips + strip_count);
  auto* const in_places = residual_rows + (a.residual_is_input != 0 ? out_pixels : 0);
  auto* const places = reinterpret_cast<std::uint16_t*>(in_places + (kSource == Source::stem ? 0 : pixels));
  std::uint16_t* const windows = places + pixels;
  const int picture_height = (tile.region_height - 1) * a.stem_stride + kStemTaps;
  const int picture_width = (tile.region_width - 1) * a.stem_stride + kStemTaps;

  const auto copy_weights = [&](int slab) {
    const auto* const from =
        reinterpret_cast<const unsigned char*>(a.weights) + static_cast<std::int64_t>(first_slab + slab) * a.slab_bytes;
    unsigned char* const to = stages + slab % 2 * stage_bytes;
    copy_bytes(to, from, a.front_bytes);
    copy_bytes(to + a.front_bytes, from + a.front_bytes + blockIdx.y * projection_bytes, projection_bytes);
  };
  const auto copy_hidden = [&](int slab) {
    if (kSource == Source::none)
      copy_region<kHidden>(a, pixels, in_places, first_slab + slab, hidden + slab % 2 * region_halves);
  };

  // What does not depend on the kernel before.
  let_next_kernel_start();
#pragma unroll 1
  for (int slab = 0; slab < min(slabs, 2); ++slab) copy_weights(slab);
  PictureCopy picture{a, tile, picture_height, picture_width};
  const bool reads_floats = kSource == Source::stem && a.in_type == Stored::f32;
  if (reads_floats) {
    wait_for_kernel_before();
    picture.load(threadIdx.x);
  }
  for_each_place(a.tile_images, a.tile_height, a.tile_width, a.width_reciprocal,
                 [&](int image, int row, int column, int i) {
                   const int y = tile.out_row + row, x = tile.out_column + column;
                   const bool there = image < tile.images && y < a.out_height && x < a.out_width;
                   out_places[i] = there ? ((tile.image + image) * a.out_height + y) * a.out_width + x : -1;
                   if (a.residual_is_input != 0)
                     residual_rows[i] = there ? (image * tile.height + y - tile.row) * tile.width + x - tile.column : 0;
                 });
  for_each_place(
      a.tile_images, a.tile_height, a.strips_across, a.strips_reciprocal, [&](int image, int row, int strip, int i) {
        strips[i] = {static_cast<unsigned>((image * tile.region_height + row * a.stride) * tile.region_width +
                                           strip * a.strip * a.stride),
                     static_cast<unsigned>((image * a.tile_height + row) * a.tile_width + strip * a.strip)};
      });
  const int first_channel = static_cast<int>(blockIdx.y) * a.columns;
#pragma unroll 1
  for (int i = threadIdx.x; i < a.columns; i += kThreads)
    bias[i] =
        first_channel + i < a.out_channels ? __ldg(reinterpret_cast<const float*>(a.bias) + first_channel + i) : 0;
  const int channels = kSource == Source::stem ? kStemDepth : (a.in_channels + 15) / 16 * 16;
  const int row_halves = channels + kPad;
  if (kSource == Source::none) {
    for_each_place(a.tile_images, tile.region_height, tile.region_width, a.region_reciprocal,
                   [&](int image, int row, int column, int i) {
                     const int y = tile.first_row + row, x = tile.first_column + column;
                     const bool there = image < tile.images && y >= 0 && y < a.height && x >= 0 && x < a.width;
                     in_places[i] = there ? ((tile.image + image) * a.height + y) * a.width + x : -1;
                   });
  } else {
    const std::uint32_t reciprocal =
        tile.width > 0 ? ~std::uint32_t{0} / static_cast<std::uint32_t>(tile.width) + 1 : 0;
    for_each_place(a.tile_images, tile.height, tile.width, reciprocal, [&](int image, int row, int column, int i) {
      const int y = tile.row + row, x = tile.column + column;
      const bool there = image < tile.images;
      places[i] =
          static_cast<std::uint16_t>(image * region + (y - tile.first_row) * tile.region_width + x - tile.first_column);
      if (kSource == Source::stem)
        windows[i] =
            static_cast<std::uint16_t>((image * picture_height + (y - tile.first_row) * a.stem_stride) * picture_width +
                                       (x - tile.first_column) * a.stem_stride);
      else
        in_places[i] = there ? ((tile.image + image) * a.in_height + y) * a.in_width + x : -1;
    });
    if (tile.height != tile.region_height || tile.width != tile.region_width)
#pragma unroll 1
      for (int i = threadIdx.x; i < region_halves / 8; i += kThreads) reinterpret_cast<uint4*>(hidden)[i] = uint4{};
  }
  __syncthreads();  // the tables are there

  if (reads_floats) {
    picture.store(threadIdx.x, reinterpret_cast<uint2*>(input));
#pragma unroll 1
    for (int i = threadIdx.x + PictureCopy::kStep; i < picture.count(); i += PictureCopy::kStep) {
      picture.load(i);
      picture.store(i, reinterpret_cast<uint2*>(input));
    }
  } else {
    wait_for_kernel_before();
    if (kSource == Source::expansion) copy_input(a, pixels, in_places, input, row_halves);
    if (kSource == Source::stem) picture.copy_other(reinterpret_cast<uint2*>(input));
  }
#pragma unroll 1
  for (int slab = 0; slab < min(slabs, 2); ++slab) copy_hidden(slab);
  end_of_copies();

  // The sums begin with the bias, in one block of a cluster.
  const int down = kWarps / a.warps_across;
  float sums[kTilesM][kTilesN][4];
#pragma unroll
  for (int n = 0; n < kTilesN; ++n) {
    const int column = (warp / down + n / 2 * a.warps_across) * 16 + n % 2 * 8 + lane % 4 * 2;
    const float2 shift =
        part == 0 && column < a.columns ? *reinterpret_cast<const float2*>(bias + column) : float2{0, 0};
#pragma unroll
    for (int m = 0; m < kTilesM; ++m) sums[m][n][0] = sums[m][n][2] = shift.x, sums[m][n][1] = sums[m][n][3] = shift.y;
  }
#pragma unroll 1
  for (int slab = 0; slab < slabs; ++slab) {
    wait_for_copies<0>();
    __syncthreads();
    if (slab > 0 && slab + 1 < slabs) {  // into what the last projection and depthwise read
      copy_weights(slab + 1);
      copy_hidden(slab + 1);
      end_of_copies();
    }
    const unsigned char* const weights = stages + slab % 2 * stage_bytes;
    int slab_hidden = a.hidden_offset, taps = a.weight_offset + slab % 2 * stage_bytes;
    if (kSource == Source::none) {
      slab_hidden += slab % 2 * region_halves * 2;
    } else {
      if (kSource == Source::stem)
        expand<kHidden, kStemTaps>(a, kStemTaps, weights, pixels, places, hidden, [&](int index) {
          const auto* const picture = reinterpret_cast<const uint2*>(input) + lane % 4;
          const int upper = index * 16 + lane / 4, last = pixels - 1;
          return PatchRows{picture + windows[min(upper, last)], picture + windows[min(upper + 8, last)], picture_width,
                           lane % 4 < kStemTaps};
        });
      else
        expand<kHidden, 1>(a, channels / 16, weights, pixels, places, hidden, [&](int index) {
          return ChannelRows{input + (index * 16 + lane % 16) * row_halves + lane / 16 * 8};
        });
      taps += channels * kHidden * 2 + kHidden * 4;
      __syncthreads();
    }
    depthwise_of<kHidden, kFloatTaps>(a, strip_count, strips_offset, slab_hidden, taps,
                                      tile.region_width * (kHidden + kPad) * a.dilation);
    __syncthreads();
    project<kHidden>(a, product, weights + a.front_bytes, out_tiles, sums);
  }

  const auto for_each_pair = [&](auto&& take) {
#pragma unroll
    for (int m = 0; m < kTilesM; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int pixel = (warp % down + m * down) * 16 + lane / 4 + 8 * half;
        if (pixel >= out_pixels) continue;
#pragma unroll
        for (int n = 0; n < kTilesN; ++n) {
          const int column = (warp / down + n / 2 * a.warps_across) * 16 + n % 2 * 8 + lane % 4 * 2;
          if (column >= a.columns) continue;
          take(pixel, column, sums[m][n][2 * half], sums[m][n][2 * half + 1]);
        }
      }
  };
  // The sums into shared memory, over all but the tables, so that threads have eight channels of a pixel to store, and
  // those of a cluster find each other's.
  const auto for_each_eight = [&](auto&& take) {
    for_each_chunk(out_pixels, a.columns / 8, a.groups_reciprocal, part, parts, [&](int pixel, int chunk) {
      const int place = out_places[pixel];
      if (place >= 0 && first_channel + chunk * 8 < a.out_channels) take(pixel, chunk * 8, place);
    });
  };
  __syncthreads();
  // Nothing but a clamp is left to do, nearly always but after residuals: halves pass through.
  if (parts == 1 && a.residual == 0 && stores_clamped_halves(a)) {
    const int row = a.columns + kPad;
    auto* const finished = reinterpret_cast<__half*>(shared + a.partial_offset);
    const __half2 least = __float2half2_rn(a.ending.low), most = __float2half2_rn(a.ending.high);
    for_each_pair([&](int pixel, int column, float x, float y) {
      *reinterpret_cast<__half2*>(finished + pixel * row + column) = clamped_halves(x, y, least, most);
    });
    __syncthreads();
    auto* const output = reinterpret_cast<__half*>(a.output) + first_channel;
    for_each_eight([&](int pixel, int column, int place) {
      *reinterpret_cast<uint4*>(output + place_of_pixel(a.place, place) + column) =
          *reinterpret_cast<const uint4*>(finished + pixel * row + column);
    });
    return;
  }
  const int row_floats = a.columns + kPad;
  auto* const partial = reinterpret_cast<float*>(shared + a.partial_offset);
  for_each_pair([&](int pixel, int column, float x, float y) {
    *reinterpret_cast<float2*>(partial + pixel * row_floats + column) = {x, y};
  });
  const auto residual_of = [&](int pixel) -> const __half* {
    if (a.residual_is_input != 0) return input + residual_rows[pixel] * row_halves + first_channel;
    if (a.residual == 0) return nullptr;
    return reinterpret_cast<const __half*>(a.residual) + static_cast<std::int64_t>(out_places[pixel]) * a.out_channels +
           first_channel;
  };
  const auto finish_eights = [&](auto&& add_sums) {
    for_each_eight([&](int pixel, int column, int place) {
      float eight[8] = {};
      add_sums(pixel * row_floats + column, eight);
      const __half* const residual = residual_of(pixel);
      store_eight(a, place_of_pixel(a.place, place) + first_channel + column,
                  residual != nullptr ? residual + column : nullptr, eight);
    });
  };
  const auto finish_singles = [&](auto&& sum_of) {
    store_singles(
        a, first_channel, out_pixels, min(a.columns, a.out_channels - first_channel), part * kWarps + warp,
        parts * kWarps, [&](int pixel) { return out_places[pixel]; }, residual_of,
        [&](int pixel, int column) { return sum_of(pixel * row_floats + column); });
  };
#if __CUDA_ARCH__ >= 900
  if (parts > 1) {
    const auto cluster = cooperative_groups::this_cluster();
    meet_cluster_with_memory();
    if (a.place.eights != 0)
      finish_eights([&](int at, float(&eight)[8]) {
        float4 low[kMostParts], high[kMostParts];  // all on their way before the first is added
#pragma unroll
        for (int other = 0; other < kMostParts; ++other) {
          if (other >= parts) break;
          const auto* const theirs = reinterpret_cast<const float4*>(cluster.map_shared_rank(partial, other) + at);
          low[other] = theirs[0], high[other] = theirs[1];
        }
#pragma unroll
        for (int other = 0; other < kMostParts; ++other)
          if (other < parts) add_eight(low[other], high[other], eight);
      });
    else
      finish_singles([&](int at) { return sum_of_cluster(cluster, partial, parts, at); });
    meet_cluster();  // nobody leaves while others read its memory
    return;
  }
#endif
  __syncthreads();
  if (a.place.eights != 0)
    finish_eights([&](int at, float(&eight)[8]) { add_eight(partial + at, eight); });
  else
    finish_singles([&](int at) { return partial[at]; });
}

}  // namespace

#define MOBILENET_BLOCK(source, hidden, taps, floats, tiles_m, tiles_n)                                           \
  extern "C" __global__ void __launch_bounds__(                                                                   \
      kThreads, blocks_held(Source::source == Source::expansion, hidden, (tiles_m) * (tiles_n)))                  \
      block_##source##_##hidden##taps##_##tiles_m##_##tiles_n(const __grid_constant__ BlockArguments arguments) { \
    run_block<Source::source, hidden, tiles_m, tiles_n, floats>(arguments);                                       \
  }
#define MOBILENET_BLOCKS(source, hidden, taps, floats) \
  MOBILENET_BLOCK(source, hidden, taps, floats, 1, 4)  \
  MOBILENET_BLOCK(source, hidden, taps, floats, 2, 4)  \
  MOBILENET_BLOCK(source, hidden, taps, floats, 2, 8)  \
  MOBILENET_BLOCK(source, hidden, taps, floats, 4, 4)  \
  MOBILENET_BLOCK(source, hidden, taps, floats, 4, 6)

MOBILENET_BLOCKS(expansion, 32, , false)
MOBILENET_BLOCKS(expansion, 48, , false)
MOBILENET_BLOCKS(expansion, 64, , false)
MOBILENET_BLOCKS(expansion, 96, , false)
MOBILENET_BLOCKS(expansion, 128, , false)
MOBILENET_BLOCKS(stem, 32, , false)
MOBILENET_BLOCKS(none, 32, , false)
MOBILENET_BLOCKS(none, 64, , false)
MOBILENET_BLOCKS(none, 128, , false)
// Kernels of their own: as another way through the others the function costs them 1 %, whoever takes it.
MOBILENET_BLOCKS(expansion, 32, _floats, true)
MOBILENET_BLOCKS(stem, 32, _floats, true)
MOBILENET_BLOCKS(none, 32, _floats, true)

}  // namespace mobilenet::cuda
