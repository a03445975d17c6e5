// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The class of every pixel of a picture: logits enlarged and compared in one pass, in the host's own operations.
#include "backend/cuda/kernels/answer_arguments.h"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/reductions.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPixels = 4;  // by a thread at once: most lie between the same cells, whose scores are then read once

struct Between {
  int low, high;
  float fraction;
};
__device__ inline Between place_of(double offset, double step, int pixel, int cells) {
  const double wanted = __dadd_rn(offset, __dmul_rn(static_cast<double>(pixel), step));
  // Not clamp: a NaN would pass through it.
  const double last = cells - 1, position = wanted > 0 ? (last < wanted ? last : wanted) : 0.0;
  const int low = static_cast<int>(position);
  return {low, low + 1 < cells ? low + 1 : cells - 1, static_cast<float>(position - low)};
}

// The scores of a cell's classes: its numbers, or of one number that of the background, too.
template <bool kOne>
__device__ inline float score_of(const MaskArguments& a, const float* cell, int channel) {
  if (!kOne) return __ldg(cell + channel);
  return channel == 1 ? __ldg(cell) : a.is_probability != 0 ? 1 - __ldg(cell) : 0;
}

// classes[p] = the first class with the largest score, score = left + (right - left) * fractions[p].
template <bool kOne, int kCount>
__device__ inline void find_classes(const MaskArguments& a, const Between& row, const Between& column,
                                    const float (&fractions)[kCount], unsigned char* classes) {
  const auto cell = [&](int y, int x) {
    return reinterpret_cast<const float*>(a.logits) + (static_cast<std::int64_t>(y) * a.columns + x) * a.channels;
  };
  const float *top_left = cell(row.low, column.low), *top_right = cell(row.low, column.high);
  const float *bottom_left = cell(row.high, column.low), *bottom_right = cell(row.high, column.high);
  const auto ends = [&](int channel, float& from, float& to) {
    from = between(score_of<kOne>(a, top_left, channel), score_of<kOne>(a, bottom_left, channel), row.fraction);
    to = between(score_of<kOne>(a, top_right, channel), score_of<kOne>(a, bottom_right, channel), row.fraction);
  };
  float from, to, best[kCount];
  int leader[kCount];
  ends(0, from, to);
#pragma unroll
  for (int p = 0; p < kCount; ++p) best[p] = between(from, to, fractions[p]), leader[p] = 0;
  const int depth = kOne ? 2 : a.channels;
#pragma unroll 4
  for (int channel = 1; channel < depth; ++channel) {
    ends(channel, from, to);
#pragma unroll
    for (int p = 0; p < kCount; ++p) {
      const float score = between(from, to, fractions[p]);
      const bool leads = score > best[p];
      best[p] = leads ? score : best[p];
      leader[p] = leads ? channel : leader[p];
    }
  }
#pragma unroll
  for (int p = 0; p < kCount; ++p) classes[p] = static_cast<unsigned char>(leader[p]);
}

// Pixels x to x + kPixels of row y, as far as the picture goes.
template <bool kOne>
__device__ inline void make_pixels(const MaskArguments& a, const MaskCall& call, int y, int x) {
  const Between row = place_of(call.row_offset, call.row_step, y, a.rows);
  const bool row_is_seen = y >= call.row_begin && y < call.row_end;
  const int end = x + kPixels < call.width ? x + kPixels : call.width;
  unsigned char classes[kPixels] = {};
  Between columns[kPixels];
  float fractions[kPixels];
  bool together = row_is_seen && x >= call.column_begin && x + kPixels <= call.column_end;
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    columns[p] = place_of(call.column_offset, call.column_step, x + p, a.columns);
    fractions[p] = columns[p].fraction;
    together = together && columns[p].low == columns[0].low;
  }
  if (together) {
    find_classes<kOne>(a, row, columns[0], fractions, classes);
  } else {
#pragma unroll
    for (int p = 0; p < kPixels; ++p) {
      const float fraction[1] = {fractions[p]};
      if (row_is_seen && x + p >= call.column_begin && x + p < call.column_end)
        find_classes<kOne>(a, row, columns[p], fraction, classes + p);
    }
  }
  auto* const mask = reinterpret_cast<unsigned char*>(call.mask) + static_cast<std::int64_t>(y) * call.width + x;
  if (call.width % kPixels == 0)
    *reinterpret_cast<uchar4*>(mask) = make_uchar4(classes[0], classes[1], classes[2], classes[3]);
  else
    for (int p = 0; x + p < end; ++p) mask[p] = classes[p];
}

}  // namespace

// Four neighbouring pixels by a thread, a piece of a row by a warp, over and over: the grid does not know the picture's
// size.
extern "C" __global__ void __launch_bounds__(kThreads) mask(const __grid_constant__ MaskArguments a) {
  let_next_kernel_start();
  wait_for_kernel_before();
  const MaskCall call = *reinterpret_cast<const MaskCall*>(a.call);
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t threads = static_cast<std::int64_t>(gridDim.x) * kThreads;
  const std::int64_t numbers = static_cast<std::int64_t>(a.rows) * a.columns * a.channels;
  bool broken = false;
  for (std::int64_t i = thread; i < numbers; i += threads)
    broken = broken || isnan(reinterpret_cast<const float*>(a.logits)[i]);
  if (broken) *reinterpret_cast<volatile std::int32_t*>(a.broken) = 1;

  constexpr int kPiece = 32 * kPixels;
  const unsigned pieces = (static_cast<unsigned>(call.width) + kPiece - 1) / kPiece;
  const unsigned all = pieces * static_cast<unsigned>(call.height);
  for (auto piece = static_cast<unsigned>(thread / 32); piece < all; piece += static_cast<unsigned>(threads / 32)) {
    const auto y = static_cast<int>(piece / pieces);
    const int x = static_cast<int>(piece % pieces) * kPiece + static_cast<int>(threadIdx.x % 32) * kPixels;
    if (x >= call.width) continue;
    if (a.channels == 1)
      make_pixels<true>(a, call, y, x);
    else
      make_pixels<false>(a, call, y, x);
  }
}

}  // namespace mobilenet::cuda
