// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/quad_axis.h"

#include <algorithm>
#include <array>

namespace mobilenet {

void QuadAxisMaker::make(PilFilter filter, const ResampleKernels& kernels, const AxisGeometry& axis, int size,
                         bool reversed, bool aligned, QuadAxis& made) {
  prepare_pil_axis(filter, axis, exact_, upright_);
  const auto stored = [&](int first, int count) {
    const int begin = axis.crop_begin + first;
    return reversed ? size - begin - count : begin;
  };
  made.first = stored(upright_.first, upright_.count);
  made.count = upright_.count;
  made.reversed = reversed;
  made.most_quads = 0;
  made.taps.clear();
  made.words.clear();
  for (const PilTaps& taps : upright_.taps) {
    const auto begin = static_cast<std::size_t>(stored(taps.first, taps.count) - made.first);
    const auto count = static_cast<std::size_t>(taps.count);
    const std::size_t lead = aligned ? begin % kQuad : 0;
    const QuadTaps quad{aligned ? begin / kQuad : begin, (lead + count + kQuad - 1) / kQuad, made.words.size()};
    for (std::size_t q = 0; q < quad.count; ++q) {
      std::array<std::int32_t, kQuad> weights{};
      for (std::size_t t = 0; t < kQuad; ++t) {
        const std::size_t tap = q * kQuad + t - lead;  // wraps around before the first
        if (tap < count) weights[t] = upright_.weights[taps.weights + (reversed ? count - 1 - tap : tap)];
      }
      std::array<std::int32_t, kQuadWords> words{};
      kernels.split(weights.data(), words.data());
      made.words.insert(made.words.end(), words.begin(), words.end());
    }
    made.taps.push_back(quad);
    made.most_quads = std::max(made.most_quads, quad.count);
  }
}

}  // namespace mobilenet
