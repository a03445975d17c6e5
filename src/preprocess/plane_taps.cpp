// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/plane_taps.h"

#include <algorithm>
#include <cmath>

namespace mobilenet {

void PlaneTapMaker::make(PilFilter filter, const AxisGeometry& geometry, PlanePass pass, PilAxis<std::int32_t>& made) {
  prepare_pil_axis(filter, geometry, memory_, exact_);
  made.taps = exact_.taps;
  made.first = exact_.first, made.count = exact_.count, made.most_taps = exact_.most_taps;
  made.weights.clear();
  const std::int32_t one = 1 << weight_bits(pass);
  for (const PilTaps& taps : exact_.taps) {
    // Sums from the first weight on are rounded, not weights: what one loses the next one gains.
    double sum = 0;
    std::int32_t before = 0;
    for (int t = 0; t < taps.count; ++t) {
      sum += static_cast<double>(exact_.weights[taps.weights + static_cast<std::size_t>(t)]);
      const std::int32_t upto = t + 1 == taps.count ? one : static_cast<std::int32_t>(std::lround(sum * one));
      made.weights.push_back(std::clamp(upto - before, -2 * kMostWeight, 2 * kMostWeight));
      before = upto;
    }
  }
}

}  // namespace mobilenet
