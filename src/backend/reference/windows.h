// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the windows of convolution and pooling lie on the picture, and which of their taps are inside it.

#include <cstdint>

#include "network/network.h"

namespace mobilenet::reference {

// Taps begin..end-1 along one axis.
struct TapRange {
  std::int64_t begin = 0, end = 0;
};

inline TapRange taps_inside(std::int64_t start, int kernel, int dilation, std::int64_t extent) {
  TapRange range{0, kernel};
  while (range.begin < range.end && start + range.begin * dilation < 0) ++range.begin;
  while (range.begin < range.end && start + (range.end - 1) * dilation >= extent) --range.end;
  return range;
}

// One window: taps rows x columns are inside the picture.
struct WindowPlace {
  std::int64_t origin = 0;  // the pixel under tap (0, 0), which may be outside
  std::int64_t row_step = 0, column_step = 0;
  TapRange rows, columns;

  // The pixel under a tap, counted through the batch.
  std::int64_t pixel(std::int64_t ky, std::int64_t kx) const { return origin + ky * row_step + kx * column_step; }
};

// visit(place) for every output pixel, in the order in which they lie in memory.
template <class Visit>
void for_each_window(const Window& window, const Shape& in, const Shape& out, const Visit& visit) {
  const std::int64_t pad_top = window_height(window, in[1]).pad_before;
  const std::int64_t pad_left = window_width(window, in[2]).pad_before;
  WindowPlace place;
  place.row_step = window.dilation_height * in[2];
  place.column_step = window.dilation_width;
  for (std::int64_t n = 0; n < out[0]; ++n)
    for (std::int64_t y = 0; y < out[1]; ++y)
      for (std::int64_t x = 0; x < out[2]; ++x) {
        const std::int64_t top = y * window.stride_height - pad_top;
        const std::int64_t left = x * window.stride_width - pad_left;
        place.origin = (n * in[1] + top) * in[2] + left;
        place.rows = taps_inside(top, window.kernel_height, window.dilation_height, in[1]);
        place.columns = taps_inside(left, window.kernel_width, window.dilation_width, in[2]);
        visit(place);
      }
}

}  // namespace mobilenet::reference
