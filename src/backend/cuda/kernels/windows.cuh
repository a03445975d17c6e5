// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Windows over maps, tap by tap.

#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

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

}  // namespace mobilenet::cuda
