// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/kernels/f32_depthwise.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels/f32_depthwise.cpp"
// The order of these headers matters.
// clang-format off
#include "simd/targets.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "backend/cpu/kernels/vector_f32-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mobilenet::cpu::HWY_NAMESPACE {
namespace {

// Four pixels of two rows: eight sums, and every input vector is loaded once for up to six of them.
constexpr int kPixels = 4;

HWY_INLINE void store_clamped(V sum, V low, V high, float* out, int left) {
  const V value = clamp(sum, low, high);
  if (left >= kLanes)
    hn::StoreU(value, kD, out);
  else
    store_first(value, out, left);
}

// kRows rows of kColumns output pixels, `x` being the first; neighbours are `dilation` apart, so that they share taps.
template <int kStride, int kRows, int kColumns>
void tile_3x3(const DepthwiseProblem& p, const float* const* rows, int x, float* out) {
  constexpr int kInRows = (kRows - 1) * kStride + 3;
  constexpr int kInColumns = (kColumns - 1) * kStride + 3;
  const float* taps[kInRows][kInColumns];
  for (int i = 0; i < kInRows; ++i)
    for (int j = 0; j < kInColumns; ++j) {
      const int column = x * kStride + j * p.dilation - p.pad_left;
      const bool inside = rows[i] != nullptr && column >= 0 && column < p.width;
      taps[i][j] = inside ? rows[i] + column * p.pixel_stride : p.zeros;
    }
  const V low = hn::Set(kD, p.low), high = hn::Set(kD, p.high);
  const float* packed = p.packed;
  const std::ptrdiff_t out_step = p.dilation * p.out_pixel_stride;
  for (int c = 0; c < p.channels; c += kLanes, packed += 10 * kLanes) {
    V sums[kRows][kColumns], weights[9];
    const V bias = hn::Load(kD, packed);
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MOBILENET_UNROLL
      for (int q = 0; q < kColumns; ++q) sums[r][q] = bias;
    }
    MOBILENET_UNROLL
    for (int t = 0; t < 9; ++t) weights[t] = hn::Load(kD, packed + (1 + t) * kLanes);
    MOBILENET_UNROLL
    for (int i = 0; i < kInRows; ++i) {
      MOBILENET_UNROLL
      for (int j = 0; j < kInColumns; ++j) {
        const V input = hn::LoadU(kD, taps[i][j] + c);
        MOBILENET_UNROLL
        for (int r = 0; r < kRows; ++r) {
          const int ky = i - r * kStride;
          MOBILENET_UNROLL
          for (int q = 0; q < kColumns; ++q) {
            const int kx = j - q * kStride;
            if (ky >= 0 && ky < 3 && kx >= 0 && kx < 3)
              sums[r][q] = hn::MulAdd(input, weights[ky * 3 + kx], sums[r][q]);
          }
        }
      }
    }
    MOBILENET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MOBILENET_UNROLL
      for (int q = 0; q < kColumns; ++q)
        store_clamped(sums[r][q], low, high, out + r * p.out_row_stride + q * out_step + c, p.channels - c);
    }
  }
}

template <int kStride, int kRows>
void rows_of_stride(const DepthwiseProblem& p, const float* const* rows, float* out) {
  for (int phase = 0; phase < p.dilation; ++phase)
    for (int x = phase; x < p.output_width; x += kPixels * p.dilation) {
      float* to = out + x * p.out_pixel_stride;
      switch (std::min(kPixels, (p.output_width - x + p.dilation - 1) / p.dilation)) {
        case 4:
          tile_3x3<kStride, kRows, 4>(p, rows, x, to);
          break;
        case 3:
          tile_3x3<kStride, kRows, 3>(p, rows, x, to);
          break;
        case 2:
          tile_3x3<kStride, kRows, 2>(p, rows, x, to);
          break;
        case 1:
          tile_3x3<kStride, kRows, 1>(p, rows, x, to);
          break;
      }
    }
}

void rows_3x3(const DepthwiseProblem& p, const float* const* rows, int output_rows, float* out) {
  if (p.stride == 1)
    output_rows == 2 ? rows_of_stride<1, 2>(p, rows, out) : rows_of_stride<1, 1>(p, rows, out);
  else
    output_rows == 2 ? rows_of_stride<2, 2>(p, rows, out) : rows_of_stride<2, 1>(p, rows, out);
}

void row_any(const DepthwiseProblem& p, const float* const* rows, const float** taps, float* out) {
  const int count = p.kernel_height * p.kernel_width;
  const V low = hn::Set(kD, p.low), high = hn::Set(kD, p.high);
  for (int x = 0; x < p.output_width; ++x, out += p.out_pixel_stride) {
    const float** tap = taps;
    for (int ky = 0; ky < p.kernel_height; ++ky)
      for (int kx = 0; kx < p.kernel_width; ++kx) {
        const int column = x * p.stride + kx * p.dilation - p.pad_left;
        const bool inside = rows[ky] != nullptr && column >= 0 && column < p.width;
        *tap++ = inside ? rows[ky] + column * p.pixel_stride : p.zeros;
      }
    const float* packed = p.packed;
    for (int c = 0; c < p.channels; c += kLanes) {
      V sum = hn::Load(kD, packed);
      packed += kLanes;
      for (int t = 0; t < count; ++t, packed += kLanes)
        sum = hn::MulAdd(hn::LoadU(kD, taps[t] + c), hn::Load(kD, packed), sum);
      store_clamped(sum, low, high, out + c, p.channels - c);
    }
  }
}

}  // namespace

const DepthwiseKernels kF32Depthwise{kLanes, &rows_3x3, &row_any};

}  // namespace mobilenet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
