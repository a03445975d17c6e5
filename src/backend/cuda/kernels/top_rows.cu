// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The top classes of pictures.
#include "backend/cuda/kernels/answer_arguments.h"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/reductions.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = 256;

// Turns `scores` [columns], which the block's threads have of `logits` in turns, into probabilities.
__device__ inline void make_probabilities(const TopRowsArguments& a, const float* logits, float* scores) {
  if (a.function != kSoftmaxScores) {
    for (int i = threadIdx.x; i < a.columns; i += kThreads)
      scores[i] = a.function == kSigmoidScores ? rounded_sigmoid(logits[i]) : logits[i];
    return;
  }
  __shared__ float largest_parts[32];
  __shared__ double sum_parts[32];
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < a.columns; i += kThreads) largest = Larger()(largest, logits[i]);
  largest = over_block(largest, Larger(), -INFINITY, largest_parts);
  double sum = 0;
  for (int i = threadIdx.x; i < a.columns; i += kThreads) {
    scores[i] = rounded_exp(__fsub_rn(logits[i], largest));
    sum += static_cast<double>(scores[i]);
  }
  sum = over_block(sum, Sum(), 0.0, sum_parts);
  for (int i = threadIdx.x; i < a.columns; i += kThreads)
    scores[i] = static_cast<float>(static_cast<double>(scores[i]) / sum);
}

}  // namespace

// A block has a picture. Every thread has every 256th score and knows the best that is still there; the best of all is
// an answer, and its thread looks for its next: fast for few answers, which are all that a backend claims.
extern "C" __global__ void __launch_bounds__(kThreads) top_rows(const __grid_constant__ TopRowsArguments a) {
  __shared__ Key parts[2][32];
  let_next_kernel_start();
  wait_for_kernel_before();
  const auto image = static_cast<std::int64_t>(blockIdx.x);
  const float* const logits = reinterpret_cast<const float*>(a.logits) + image * a.columns;
  float* const scores = reinterpret_cast<float*>(a.scores) + image * a.classes;
  float* const probabilities = scores + (a.classes - a.columns);
  make_probabilities(a, logits, probabilities);
  bool broken = false;  // an infinity among logits has no probability, either
  for (int i = threadIdx.x; i < a.columns; i += kThreads)
    broken = broken || isnan(logits[i]) || isnan(probabilities[i]);
  broken = __syncthreads_or(broken ? 1 : 0) != 0;
  if (threadIdx.x == 0) {
    reinterpret_cast<std::int32_t*>(a.broken)[image] = broken ? 1 : 0;
    if (a.classes > a.columns) scores[0] = 1 - probabilities[0];
  }
  __syncthreads();
  const auto* const rows = reinterpret_cast<const std::int64_t*>(a.rows);
  const auto row_of = [&](int i) { return rows != nullptr ? static_cast<int>(rows[i]) : i; };
  const auto best_below = [&](Key limit) {
    Key best = 0;
    for (int i = threadIdx.x; i < a.choice; i += kThreads)
      if (const Key key = key_of(scores[row_of(i)], static_cast<unsigned>(i)); key < limit && key > best) best = key;
    return best;
  };
  Key own = best_below(~Key{0});
  auto* const found = reinterpret_cast<FoundRow*>(a.found) + image * a.top;
  for (int place = 0; place < a.top; ++place) {
    const Key best = largest_of_block(own, parts[place % 2]);
    if (own != best) continue;
    const int row = row_of(static_cast<int>(index_of(best)));
    found[place] = {row, scores[row]};
    own = best_below(best);
  }
}

}  // namespace mobilenet::cuda
