// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The class of every pixel of pictures, and how probable every class is: logits enlarged and compared in one pass, in
// the host's own operations.
#include "backend/cuda/kernels/answer_arguments.h"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/reductions.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPixels = 4;  // by a thread at once: most lie between the same cells, whose scores are then read once
static_assert(32 * kPixels == kMaskPiece);

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

// The four cells around a pixel.
template <bool kOne>
struct Cells {
  const float *top_left, *top_right, *bottom_left, *bottom_right;
  float row_fraction;

  // logits: of the picture.
  __device__ Cells(const MaskArguments& a, const float* logits, const Between& row, const Between& column)
      : row_fraction(row.fraction) {
    const auto cell = [&](int y, int x) {
      return logits + (static_cast<std::int64_t>(y) * a.columns + x) * a.channels;
    };
    top_left = cell(row.low, column.low), top_right = cell(row.low, column.high);
    bottom_left = cell(row.high, column.low), bottom_right = cell(row.high, column.high);
  }

  // Scores between the rows: those to the left and to the right of the pixel.
  __device__ void ends(const MaskArguments& a, int channel, float& from, float& to) const {
    from = between(score_of<kOne>(a, top_left, channel), score_of<kOne>(a, bottom_left, channel), row_fraction);
    to = between(score_of<kOne>(a, top_right, channel), score_of<kOne>(a, bottom_right, channel), row_fraction);
  }
};

template <bool kOne>
__device__ inline int depth_of(const MaskArguments& a) {
  return kOne ? 2 : a.channels;
}

// classes[p] = the first class with the largest score, score = left + (right - left) * fractions[p]; that score.
template <bool kOne, int kCount>
__device__ inline void find_classes(const MaskArguments& a, const Cells<kOne>& cells, const float (&fractions)[kCount],
                                    unsigned char* classes, float (&best)[kCount]) {
  float from, to;
  int leader[kCount];
  cells.ends(a, 0, from, to);
#pragma unroll
  for (int p = 0; p < kCount; ++p) best[p] = between(from, to, fractions[p]), leader[p] = 0;
  const int depth = depth_of<kOne>(a);
#pragma unroll 4
  for (int channel = 1; channel < depth; ++channel) {
    cells.ends(a, channel, from, to);
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

// Whether the network saw pixels x to x + count of row y, all of them.
__device__ inline bool are_seen(const MaskCall& call, int y, int x, int count) {
  return y >= call.row_begin && y < call.row_end && x >= call.column_begin && x + count <= call.column_end;
}

// Pixels x to x + kPixels of row y, as far as the picture goes.
template <bool kOne>
__device__ inline void make_pixels(const MaskArguments& a, const MaskCall& call, const float* logits, int y, int x) {
  const Between row = place_of(call.row_offset, call.row_step, y, a.rows);
  const int end = x + kPixels < call.width ? x + kPixels : call.width;
  unsigned char classes[kPixels] = {};
  Between columns[kPixels];
  float fractions[kPixels];
  bool together = are_seen(call, y, x, kPixels);
#pragma unroll
  for (int p = 0; p < kPixels; ++p) {
    columns[p] = place_of(call.column_offset, call.column_step, x + p, a.columns);
    fractions[p] = columns[p].fraction;
    together = together && columns[p].low == columns[0].low;
  }
  if (together) {
    float best[kPixels];
    find_classes(a, Cells<kOne>(a, logits, row, columns[0]), fractions, classes, best);
  } else {
#pragma unroll
    for (int p = 0; p < kPixels; ++p) {
      const float fraction[1] = {fractions[p]};
      float best[1];
      if (are_seen(call, y, x + p, 1))
        find_classes(a, Cells<kOne>(a, logits, row, columns[p]), fraction, classes + p, best);
    }
  }
  auto* const mask = reinterpret_cast<unsigned char*>(call.mask) + static_cast<std::int64_t>(y) * call.width + x;
  if (call.width % kPixels == 0)
    *reinterpret_cast<uchar4*>(mask) = make_uchar4(classes[0], classes[1], classes[2], classes[3]);
  else
    for (int p = 0; x + p < end; ++p) mask[p] = classes[p];
}

// The class of pixel x of row y and the probabilities of all. Of a softmax the exponentials wait in the output for
// their sum: of up to 256 classes they fit nowhere else, and a second exponential costs more than a number read again.
template <bool kOne>
__device__ inline void make_probabilities(const MaskArguments& a, const MaskCall& call, const float* logits, int y,
                                          int x) {
  const std::int64_t plane = static_cast<std::int64_t>(call.height) * call.width;
  const std::int64_t pixel = static_cast<std::int64_t>(y) * call.width + x;
  unsigned char* const mask = reinterpret_cast<unsigned char*>(call.mask) + pixel;
  float* const probabilities = reinterpret_cast<float*>(call.probabilities) + pixel;
  const int depth = depth_of<kOne>(a);
  if (!are_seen(call, y, x, 1)) {
    *mask = 0;
    for (int channel = 0; channel < depth; ++channel) probabilities[channel * plane] = channel == 0 ? 1.0f : 0.0f;
    return;
  }
  const Between column = place_of(call.column_offset, call.column_step, x, a.columns);
  const Cells<kOne> cells(a, logits, place_of(call.row_offset, call.row_step, y, a.rows), column);
  const float fraction[1] = {column.fraction};
  float best[1];
  find_classes(a, cells, fraction, mask, best);
  float sum = 0;
  for (int channel = 0; channel < depth; ++channel) {
    float from, to;
    cells.ends(a, channel, from, to);
    float value = between(from, to, column.fraction);
    if (a.function == kSigmoidScores) value = rounded_sigmoid(value);
    if (a.function == kSoftmaxScores) value = rounded_exp(__fsub_rn(value, best[0]));
    sum = __fadd_rn(sum, value);
    probabilities[channel * plane] = value;
  }
  if (a.function != kSoftmaxScores) return;
  for (int channel = 0; channel < depth; ++channel)
    probabilities[channel * plane] = __fdiv_rn(probabilities[channel * plane], sum);
}

__device__ inline void find_broken(const MaskArguments& a) {
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t threads = static_cast<std::int64_t>(gridDim.x) * kThreads;
  const std::int64_t numbers = static_cast<std::int64_t>(a.rows) * a.columns * a.channels;
  for (std::int64_t i = thread; i < numbers * a.pictures; i += threads)
    if (isnan(reinterpret_cast<const float*>(a.logits)[i]))
      reinterpret_cast<volatile std::int32_t*>(a.broken)[i / numbers] = 1;
}

__device__ inline unsigned pieces_across(const MaskCall& call) {
  return (static_cast<unsigned>(call.width) + kMaskPiece - 1) / kMaskPiece;
}
__device__ inline unsigned end_of_pieces(const MaskCall& call) {
  return call.first_piece + pieces_across(call) * static_cast<unsigned>(call.height);
}

// The last picture whose pieces begin at or before this one; all lanes of a warp ask for the same.
__device__ inline int picture_of(const MaskCall* calls, int pictures, unsigned piece) {
  int begun = 0;
  for (int first = 0; first < pictures; first += 32) {
    const int picture = first + static_cast<int>(threadIdx.x % 32);
    begun += __popc(__ballot_sync(kAllLanes, picture < pictures && calls[picture].first_piece <= piece));
  }
  return begun - 1;
}

// make(call, logits of the picture, row, first pixel) for pieces of the rows of all pictures, a piece by a warp, over
// and over: the grid knows neither the pictures' sizes nor which of them is larger.
template <class Make>
__device__ inline void for_each_piece(const MaskArguments& a, const Make& make) {
  const auto* const calls = reinterpret_cast<const MaskCall*>(a.calls);
  const unsigned all = end_of_pieces(calls[a.pictures - 1]);
  const std::int64_t numbers = static_cast<std::int64_t>(a.rows) * a.columns * a.channels;
  const unsigned warps = gridDim.x * (kThreads / 32);
  for (unsigned piece = (blockIdx.x * kThreads + threadIdx.x) / 32; piece < all; piece += warps) {
    const int picture = picture_of(calls, a.pictures, piece);
    const MaskCall& call = calls[picture];
    const float* const logits = reinterpret_cast<const float*>(a.logits) + picture * numbers;
    const unsigned across = pieces_across(call), own = piece - call.first_piece, y = own / across;
    make(call, logits, static_cast<int>(y), static_cast<int>((own - y * across) * kMaskPiece));
  }
}

}  // namespace

// Four neighbouring pixels by a thread.
extern "C" __global__ void __launch_bounds__(kThreads) mask(const __grid_constant__ MaskArguments a) {
  let_next_kernel_start();
  wait_for_kernel_before();
  find_broken(a);
  for_each_piece(a, [&](const MaskCall& call, const float* logits, int y, int first) {
    const int x = first + static_cast<int>(threadIdx.x % 32) * kPixels;
    if (x >= call.width) return;
    if (a.channels == 1)
      make_pixels<true>(a, call, logits, y, x);
    else
      make_pixels<false>(a, call, logits, y, x);
  });
}

// A pixel by a thread, so that neighbouring threads write neighbouring numbers of every plane, whatever the width.
extern "C" __global__ void __launch_bounds__(kThreads) mask_and_probabilities(const __grid_constant__ MaskArguments a) {
  let_next_kernel_start();
  wait_for_kernel_before();
  find_broken(a);
  for_each_piece(a, [&](const MaskCall& call, const float* logits, int y, int first) {
    const int end = first + kMaskPiece < call.width ? first + kMaskPiece : call.width;
    for (int x = first + static_cast<int>(threadIdx.x % 32); x < end; x += 32) {
      if (a.channels == 1)
        make_probabilities<true>(a, call, logits, y, x);
      else
        make_probabilities<false>(a, call, logits, y, x);
    }
  });
}

}  // namespace mobilenet::cuda
