// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a convolution's window shows of the input, for kernels that gather it while they copy.

#include <cstdint>

#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

// Where the patch of an output pixel begins.
struct Patch {
  std::int64_t image;  // first pixel of the image
  int row, column;     // of the window's first tap; may lie outside
};

__device__ inline Patch patch_of(const ConvolutionArguments& a, int pixel) {
  const int x = pixel % a.out_width, y = pixel / a.out_width % a.out_height, image = pixel / a.out_width / a.out_height;
  return {static_cast<std::int64_t>(image) * a.in_height * a.in_width, y * a.window.stride_height - a.window.top,
          x * a.window.stride_width - a.window.left};
}

// Where the number at `depth` of a patch lies, in elements; -1: outside the map, or behind the depth.
__device__ inline std::int64_t place_of(const ConvolutionArguments& a, const Patch& patch, int depth, int channels) {
  if (depth >= a.depth) return -1;
  const int tap = depth / channels, channel = depth % channels;
  const int y = patch.row + tap / a.window.kernel_width * a.window.dilation_height;
  const int x = patch.column + tap % a.window.kernel_width * a.window.dilation_width;
  if (y < 0 || y >= a.in_height || x < 0 || x >= a.in_width) return -1;
  return (patch.image + static_cast<std::int64_t>(y) * a.in_width + x) * a.in_channels + channel;
}

}  // namespace mobilenet::cuda
