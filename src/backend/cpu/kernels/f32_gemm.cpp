// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f32_gemm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/f32_gemm.cpp"
// The order of these headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/kernels/gemm-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

struct FloatProduct : RowByRow<FloatProduct> {
  static HWY_INLINE void add(V& sum, V a, V b) { sum = hn::MulAdd(a, b, sum); }
};

// Copies in whole vectors: what is written past the end is overwritten by the next copy.
inline float* copy(const float* from, int count, float* to) {
  for (int i = 0; i < count; i += kLanes) hn::StoreU(hn::LoadU(kD, from + i), kD, to + i);
  return to + count;
}

inline float* fill_zero(int count, float* to) {
  for (int i = 0; i < count; i += kLanes) hn::StoreU(hn::Zero(kD), kD, to + i);
  return to + count;
}

// A patch that leaves the picture at its left or right, or whose columns are not neighbours in memory.
float* gather_by_pixel(const WindowGeometry& g, int channels, const float* image, std::int64_t top, std::int64_t left,
                       float* patch) {
  for (std::int64_t ky = 0; ky < g.kernel_height; ++ky) {
    const std::int64_t row = top + ky * g.dilation_height;
    const float* line = image + row * g.input_width * g.input_channels;
    for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
      const std::int64_t column = left + kx * g.dilation_width;
      const bool inside = row >= 0 && row < g.input_height && column >= 0 && column < g.input_width;
      patch = inside ? copy(line + column * g.input_channels, channels, patch) : fill_zero(channels, patch);
    }
  }
  return patch;
}

void gather(const WindowGeometry& g, int channels, const float* input, int begin, int end, float* patches) {
  const bool neighbours = g.dilation_width == 1 && g.input_channels == channels;
  const int row_floats = static_cast<int>(g.kernel_width) * channels;
  const int output_width = static_cast<int>(g.output_width), output_height = static_cast<int>(g.output_height);
  const int kernel_height = static_cast<int>(g.kernel_height), d = static_cast<int>(g.dilation_height);
  const int height = static_cast<int>(g.input_height);
  const std::int64_t line_floats = g.input_width * g.input_channels;
  for (int pixel = begin; pixel < end;) {
    const int x_begin = pixel % output_width;
    const int x_end = std::min(output_width, x_begin + end - pixel);
    const float* image = input + pixel / output_width / output_height * height * line_floats;
    // Rows of the kernel that lie inside the picture: ky_begin..ky_end.
    const int top = static_cast<int>(g.top(pixel / output_width % output_height));
    const int ky_begin = std::min(kernel_height, top >= 0 ? 0 : (-top + d - 1) / d);
    const int ky_end = std::max(ky_begin, std::min(kernel_height, (height - top + d - 1) / d));
    pixel += x_end - x_begin;
    for (int x = x_begin; x < x_end; ++x) {
      const std::int64_t left = g.left(x);
      if (!neighbours || left < 0 || left + g.kernel_width > g.input_width) {
        patches = gather_by_pixel(g, channels, image, top, left, patches);
        continue;
      }
      patches = fill_zero(ky_begin * row_floats, patches);
      for (int ky = ky_begin; ky < ky_end; ++ky)
        patches = copy(image + (top + ky * d) * line_floats + left * g.input_channels, row_floats, patches);
      patches = fill_zero((kernel_height - ky_end) * row_floats, patches);
    }
  }
}

}  // namespace

const GemmKernels kF32Gemm{.tile_rows = kTileRows,
                           .layout = {.columns = kPanelColumns},
                           .takes_runs = true,
                           .rows_first = &rows_first<FloatProduct>,
                           .panels_first = &panels_first<FloatProduct>};
const PatchKernels kF32Patches{.gather = &gather};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
