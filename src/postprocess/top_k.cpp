// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/top_k.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace mobilenet {

int top_k(std::span<const float> scores, std::span<ScoredRow> best) {
  std::size_t kept = 0;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const float score = std::isnan(scores[row]) ? -std::numeric_limits<float>::infinity() : scores[row];
    std::size_t place = kept;
    while (place > 0 && best[place - 1].score < score) --place;
    if (place == best.size()) continue;
    kept = std::min(kept + 1, best.size());
    std::move_backward(best.begin() + static_cast<std::ptrdiff_t>(place),
                       best.begin() + static_cast<std::ptrdiff_t>(kept) - 1,
                       best.begin() + static_cast<std::ptrdiff_t>(kept));
    best[place] = {static_cast<int>(row), score};
  }
  return static_cast<int>(kept);
}

void softmax(std::span<float> scores) {
  if (scores.empty()) return;
  const float largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (float& score : scores) {
    score = std::exp(score - largest);
    sum += score;
  }
  for (float& score : scores) score = static_cast<float>(score / sum);
}

}  // namespace mobilenet
