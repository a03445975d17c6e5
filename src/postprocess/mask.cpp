// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/mask.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mobilenet {
namespace {

struct Between {
  int low = 0, high = 0;
  float fraction = 0;
};

Between between(const MaskAxis& axis, int pixel) {
  const double wanted = axis.offset + pixel * axis.step;
  // Not clamp: a NaN would pass through it.
  const double position = wanted > 0 ? std::min(wanted, static_cast<double>(axis.cells - 1)) : 0.0;
  const int low = static_cast<int>(position);
  return {low, std::min(low + 1, axis.cells - 1), static_cast<float>(position - low)};
}

}  // namespace

// One row of cells, interpolated between two rows of the map, and one pixel.
std::size_t mask_scratch_floats(const MaskAxis& columns, int channels) {
  return (static_cast<std::size_t>(columns.cells) + 1) * static_cast<std::size_t>(channels);
}

void enlarge_to_mask(const ScoreMap& scores, const MaskAxis& rows, const MaskAxis& columns, std::span<float> scratch,
                     std::uint8_t* mask, std::span<float> probabilities) {
  const auto depth = static_cast<std::size_t>(scores.channels);
  const std::size_t row_floats = static_cast<std::size_t>(columns.cells) * depth;
  float* const line = scratch.data();
  float* const pixel = line + row_floats;
  const std::size_t plane = static_cast<std::size_t>(rows.pixels) * static_cast<std::size_t>(columns.pixels);
  const float unit = scores.step > 0 ? scores.step : 1;
  std::size_t index = 0;
  for (int y = 0; y < rows.pixels; ++y) {
    const Between vertical = between(rows, y);
    const float* above = scores.values + static_cast<std::size_t>(vertical.low) * row_floats;
    const float* below = scores.values + static_cast<std::size_t>(vertical.high) * row_floats;
    for (std::size_t i = 0; i < row_floats; ++i) line[i] = above[i] + (below[i] - above[i]) * vertical.fraction;
    for (int x = 0; x < columns.pixels; ++x, ++index) {
      const Between horizontal = between(columns, x);
      const float* left = line + static_cast<std::size_t>(horizontal.low) * depth;
      const float* right = line + static_cast<std::size_t>(horizontal.high) * depth;
      for (std::size_t c = 0; c < depth; ++c) pixel[c] = left[c] + (right[c] - left[c]) * horizontal.fraction;
      if (scores.step > 0)
        for (std::size_t c = 0; c < depth; ++c) pixel[c] = std::floor(pixel[c] + 0.5f);
      std::size_t best = 0;
      for (std::size_t c = 1; c < depth; ++c)
        if (pixel[c] > pixel[best]) best = c;
      mask[index] = static_cast<std::uint8_t>(best);
      if (probabilities.empty()) continue;
      float sum = 0;
      const float largest = pixel[best];
      for (std::size_t c = 0; c < depth; ++c) sum += pixel[c] = std::exp((pixel[c] - largest) * unit);
      for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane + index] = pixel[c] / sum;
    }
  }
}

}  // namespace mobilenet
