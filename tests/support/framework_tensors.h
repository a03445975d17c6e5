// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Float tensors that a source framework computed: passed on, compared, and enlarged as PyTorch does.

#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "support/npy.h"

namespace mobilenet::testing {

inline TensorView view_of(const FloatArray& array, const std::string& name) {
  return {name, DataType::f32, array.shape, array.values.data(), array.values.size() * sizeof(float), 0, 0};
}

// max |a - b| / max |b|, the measure of all float comparisons here; infinite when the counts differ or a NaN appears.
inline double relative_difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i])) return INFINITY;
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
  }
  return largest > 0 ? difference / largest : difference;
}

// Logits [classes][cells][cells] of a square input of `input` pixels.
struct SquareLogits {
  std::span<const float> values;
  int classes, cells, input;
};

// The class at a point of the network's input, in pixels whose centres lie at i + 0.5, once the logits are enlarged
// with half-pixel centres, as PyTorch's interpolate does.
inline int class_at(const SquareLogits& logits, double x, double y) {
  struct Tap {
    int low, high;
    double fraction;
  };
  const auto tap = [&](double place) {
    const double cell = std::clamp(place * logits.cells / logits.input - 0.5, 0.0, logits.cells - 1.0);
    const int low = static_cast<int>(cell);
    return Tap{low, std::min(low + 1, logits.cells - 1), cell - low};
  };
  const Tap row = tap(y), column = tap(x);
  int best = 0;
  double most = -INFINITY;
  for (int c = 0; c < logits.classes; ++c) {
    const auto at = [&](int i, int j) {
      return static_cast<double>(logits.values[static_cast<std::size_t>((c * logits.cells + i) * logits.cells + j)]);
    };
    const double above = std::lerp(at(row.low, column.low), at(row.low, column.high), column.fraction);
    const double below = std::lerp(at(row.high, column.low), at(row.high, column.high), column.fraction);
    const double score = std::lerp(above, below, row.fraction);
    if (score > most) {
      most = score;
      best = c;
    }
  }
  return best;
}

// Pixels of the input whose class is the same in both.
inline std::size_t equal_pixels(const SquareLogits& a, const SquareLogits& b) {
  std::size_t equal = 0;
  for (int y = 0; y < a.input; ++y)
    for (int x = 0; x < a.input; ++x) equal += class_at(a, x + 0.5, y + 0.5) == class_at(b, x + 0.5, y + 0.5);
  return equal;
}

}  // namespace mobilenet::testing
