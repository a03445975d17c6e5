// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where a window lies over the maps of a batch: of convolutions, of pools, and of the kernels that gather for them.

#include <algorithm>
#include <cstdint>

namespace mobilenet::cpu {

struct WindowGeometry {
  std::int64_t batch = 1;
  std::int64_t input_height = 1, input_width = 1, input_channels = 1;
  std::int64_t output_height = 1, output_width = 1, output_channels = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t dilation_height = 1, dilation_width = 1;

  std::int64_t taps() const { return kernel_height * kernel_width; }
  std::int64_t output_pixels() const { return batch * output_height * output_width; }

  // The input's row and column under the first tap of an output pixel.
  std::int64_t top(std::int64_t y) const { return y * stride_height - pad_top; }
  std::int64_t left(std::int64_t x) const { return x * stride_width - pad_left; }

  // Output columns whose window lies inside the picture's width; begin may exceed end.
  std::int64_t inner_begin() const { return std::min(output_width, (pad_left + stride_width - 1) / stride_width); }
  std::int64_t inner_end() const {
    const std::int64_t last_left = input_width - 1 - (kernel_width - 1) * dilation_width + pad_left;
    return last_left < 0 ? 0 : std::min(output_width, last_left / stride_width + 1);
  }
};

}  // namespace mobilenet::cpu
