// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From a row of class scores to the best few classes.

#include <span>

namespace mobilenet {

struct ScoredRow {
  int row = 0;
  float score = 0;
};

// The `best.size()` largest scores, best first; of equal ones the lower row comes first, as argmax does. A NaN ranks
// below every number. Returns how many there were: min(best.size(), scores.size()).
int top_k(std::span<const float> scores, std::span<ScoredRow> best);

// In place: exp(x - max) / sum, the sum in double.
void softmax(std::span<float> scores);

}  // namespace mobilenet
