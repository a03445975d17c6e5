// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A block's tile, and how what it reads comes into shared memory.

#include "backend/cuda/kernels/matrix.cuh"
#include "backend/cuda/kernels/numbers.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kWarps = kBlockWarps, kThreads = kWarps * 32, kPad = kRowPad;

// What one block of threads computes.
struct Tile {
  int image, images;            // the first, and how many there are of it
  int out_row, out_column;      // the first pixel of the output
  int first_row, first_column;  // where its region of the depthwise's map begins; may lie outside
  int region_height, region_width;
  int row, column, height, width;  // the part of the region inside the map
};

__device__ inline Tile tile_of(const BlockArguments& a, int index) {
  Tile tile;
  const int line = divided(index, a.across_reciprocal), across = index - line * a.tiles_across;
  const int image = divided(line, a.down_reciprocal), down = line - image * a.tiles_down;
  tile.image = image * a.tile_images;
  tile.images = min(a.tile_images, a.images - tile.image);
  tile.out_row = down * a.tile_height, tile.out_column = across * a.tile_width;
  tile.first_row = tile.out_row * a.stride - a.top, tile.first_column = tile.out_column * a.stride - a.left;
  tile.region_height = (a.tile_height - 1) * a.stride + 2 * a.dilation + 1;
  tile.region_width = (a.tile_width - 1) * a.stride + 2 * a.dilation + 1;
  tile.row = max(tile.first_row, 0), tile.column = max(tile.first_column, 0);
  tile.height = max(min(tile.first_row + tile.region_height, a.height) - tile.row, 0);
  tile.width = max(min(tile.first_column + tile.region_width, a.width) - tile.column, 0);
  return tile;
}

// put(image, row, column, index) for every place of `images` maps; with the reciprocal of their width.
template <class Put>
__device__ inline void for_each_place(int images, int height, int width, std::uint32_t reciprocal, const Put& put) {
#pragma unroll 1
  for (int i = threadIdx.x; i < images * height * width; i += kThreads) {
    int image = 0, row = divided(i, reciprocal);
    const int column = i - row * width;
    while (row >= height) row -= height, ++image;
    put(image, row, column, i);
  }
}

__device__ inline void copy_bytes(unsigned char* to, const unsigned char* from, int bytes) {
#pragma unroll 1
  for (int i = threadIdx.x * 16; i < bytes; i += kThreads * 16) copy_16(to + i, from + i);
}

// take(pixel, chunk) for every pixel's chunks of eight channels, of which a thread has always the same one, so that
// nobody divides for each. Of the pixels, those of a part of a cluster.
template <class Take>
__device__ inline void for_each_chunk(int pixels, int chunks, std::uint32_t reciprocal, int part, int parts,
                                      const Take& take) {
  const int thread = static_cast<int>(threadIdx.x), at_once = divided(kThreads, reciprocal);
  const int first = divided(thread, reciprocal), chunk = thread - first * chunks;
  if (first >= at_once) return;
#pragma unroll 1
  for (int pixel = part * at_once + first; pixel < pixels; pixel += parts * at_once) take(pixel, chunk);
}

// The input of an expansion: [pixels][channels] of the tile's part inside the map; `from`: which pixel of the input
// each is, -1 for images that there are not.
__device__ inline void copy_input(const BlockArguments& a, int pixels, const int* from, __half* to, int row_halves) {
  const auto* const input = reinterpret_cast<const __half*>(a.input);
  for_each_chunk(pixels, a.in_channels / 8, a.chunks_reciprocal, 0, 1, [&](int pixel, int chunk) {
    const int place = from[pixel];
    copy_16(to + pixel * row_halves + chunk * 8,
            input + static_cast<std::int64_t>(max(place, 0)) * a.in_channels + chunk * 8, place >= 0);
  });
  if (a.in_channels % 16 != 0)
#pragma unroll 1
    for (int i = threadIdx.x; i < pixels; i += kThreads)
      *reinterpret_cast<uint4*>(to + i * row_halves + a.in_channels) = uint4{};
}

__device__ __noinline__ float load_other(Address tensor, Stored type, std::int64_t at) {
  return load(tensor, type, at);
}

// The input of a stem: the pixels that the region's windows show, four halves each, the last of them zero; zeros
// outside the picture, too. Some at once: a thread waits for memory once for all of them, and builds tables meanwhile.
struct PictureCopy {
  static constexpr int kAtOnce = 4, kStep = kAtOnce * kThreads;
  const BlockArguments& a;
  const Tile& tile;
  int height, width;
  float colours[kAtOnce][3];

  __device__ int count() const { return a.tile_images * height * width; }
  // Which pixel of the input number i is, -1: none.
  __device__ int place_of(int i) const {
    int row = divided(i, a.picture_reciprocal), image = 0;
    const int x = tile.first_column * a.stem_stride - a.stem_left + i - row * width;
    while (row >= height) row -= height, ++image;
    const int y = tile.first_row * a.stem_stride - a.stem_top + row;
    const bool there = i < count() && image < tile.images && y >= 0 && y < a.in_height && x >= 0 && x < a.in_width;
    return there ? ((tile.image + image) * a.in_height + y) * a.in_width + x : -1;
  }
  __device__ void load(int first) {
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) {
      const int place = place_of(first + k * kThreads);
      const float* const pixel = reinterpret_cast<const float*>(a.input) + static_cast<std::int64_t>(max(place, 0)) * 3;
#pragma unroll
      for (int c = 0; c < 3; ++c) colours[k][c] = place < 0 ? 0 : __ldg(pixel + c);
    }
  }
  __device__ void store(int first, uint2* to) const {
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k)
      if (first + k * kThreads < count())
        to[first + k * kThreads] = {two_halves(colours[k][0], colours[k][1]), two_halves(colours[k][2], 0)};
  }
  __device__ void copy_other(uint2* to) const {
#pragma unroll 1
    for (int i = threadIdx.x; i < count(); i += kThreads) {
      const int place = place_of(i);
      float pixel[3];
#pragma unroll
      for (int c = 0; c < 3; ++c)
        pixel[c] = place < 0 ? 0 : load_other(a.input, a.in_type, static_cast<std::int64_t>(place) * 3 + c);
      to[i] = {two_halves(pixel[0], pixel[1]), two_halves(pixel[2], 0)};
    }
  }
};

// A slab of channels of the region, with zeros outside the map.
template <int kHidden>
__device__ inline void copy_region(const BlockArguments& a, int pixels, const int* from, int slab, __half* to) {
  constexpr int kChunks = kHidden / 8;
  const int channel = slab * kHidden + static_cast<int>(threadIdx.x) % kChunks * 8;
  const auto* const input = reinterpret_cast<const __half*>(a.input) + channel;
  const bool any = channel < a.in_channels;
#pragma unroll 1
  for (int i = threadIdx.x; i < pixels * kChunks; i += kThreads) {
    const int pixel = i / kChunks, place = from[pixel];
    copy_16(to + pixel * (kHidden + kPad) + threadIdx.x % kChunks * 8,
            input + static_cast<std::int64_t>(any ? max(place, 0) : 0) * a.in_channels, place >= 0 && any);
  }
}

}  // namespace
}  // namespace mobilenet::cuda
