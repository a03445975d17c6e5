// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Windows over maps, tap by tap.

#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

// Which number i of [images][height][width][channels] is.
struct MapIndex {
  int channel, x, y;
  std::int64_t image;
};
__device__ inline MapIndex map_index(std::int64_t i, int height, int width, int channels) {
  const std::int64_t pixel = i / channels;
  return {static_cast<int>(i % channels), static_cast<int>(pixel % width), static_cast<int>(pixel / width % height),
          pixel / width / height};
}

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

// Windows of three columns that slide along a row, of whose columns a thread keeps three in registers. kStride 0:
// stride 1 and columns `apart` from each other, none of which two windows share.
struct WindowColumns {
  int left, middle, right;  // which register holds each
};
// load(register, offset from the first window's left column).
template <int kStride, class Load>
__device__ inline void begin_windows(const Load& load) {
  if (kStride != 0) load(0, 0);
  if (kStride == 1) load(1, 1);
}
// What window `i` has that the one before had not.
template <int kStride, class Load>
__device__ inline WindowColumns slide_to(int i, int apart, const Load& load) {
  if constexpr (kStride == 1) {
    const WindowColumns columns{i % 3, (i + 1) % 3, (i + 2) % 3};
    load(columns.right, i + 2);
    return columns;
  } else if constexpr (kStride == 2) {
    const WindowColumns columns{i % 2 * 2, 1, 2 - i % 2 * 2};
    load(columns.middle, 2 * i + 1);
    load(columns.right, 2 * i + 2);
    return columns;
  } else {
#pragma unroll
    for (int c = 0; c < 3; ++c) load(c, i + c * apart);
    return {0, 1, 2};
  }
}

}  // namespace mobilenet::cuda
