// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/mask.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

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

// The class that leads at one cell of the score map, and by how much.
struct Leader {
  float margin;
  std::int32_t channel;
};
// The caller's scratch is floats: two of them hold the bytes of a leader.
static_assert(sizeof(Leader) == 2 * sizeof(float));
void store(const Leader& leader, float* two) { std::memcpy(two, &leader, sizeof leader); }
Leader load(const float* two) {
  Leader leader;
  std::memcpy(&leader, two, sizeof leader);
  return leader;
}

Leader leader_of(const float* scores, int channels) {
  Leader leader{INFINITY, 0};
  float best = scores[0];
  for (int c = 1; c < channels; ++c) {
    if (scores[c] > best) {
      leader = {scores[c] - best, c};
      best = scores[c];
    } else {
      leader.margin = std::min(leader.margin, best - scores[c]);
    }
  }
  return leader;
}

// A class that leads by more than this at all four cells around a pixel leads at the pixel too, whatever the rounding:
// whole numbers are rounded by half a step, sums of four products by far less than 1e-5 of the largest.
float certain_margin(const ScoreMap& scores, std::size_t count) {
  if (scores.step > 0) return 1.01f;
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(scores.values[i]));
  return 1e-5f * largest;
}

}  // namespace

// A leader of every cell, one row of cells interpolated between two rows of the map, and one pixel.
std::size_t mask_scratch_floats(const MaskAxis& rows, const MaskAxis& columns, int channels) {
  const auto width = static_cast<std::size_t>(columns.cells);
  return 2 * static_cast<std::size_t>(rows.cells) * width + (width + 1) * static_cast<std::size_t>(channels);
}

void enlarge_to_mask(const ScoreMap& scores, const MaskAxis& rows, const MaskAxis& columns, std::span<float> scratch,
                     std::uint8_t* mask, std::span<float> probabilities) {
  const auto depth = static_cast<std::size_t>(scores.channels), width = static_cast<std::size_t>(columns.cells);
  const std::size_t row_floats = width * depth, cells = static_cast<std::size_t>(rows.cells) * width;
  float* const leaders = scratch.data();
  float* const line = scratch.data() + 2 * cells;
  float* const pixel = line + row_floats;
  for (std::size_t cell = 0; cell < cells; ++cell)
    store(leader_of(scores.values + cell * depth, scores.channels), leaders + 2 * cell);
  const float certain = certain_margin(scores, cells * depth);
  const std::size_t plane = static_cast<std::size_t>(rows.pixels) * static_cast<std::size_t>(columns.pixels);
  const float unit = scores.step > 0 ? scores.step : 1;
  std::size_t index = 0;
  for (int y = 0; y < rows.pixels; ++y) {
    const Between vertical = between(rows, y);
    const auto above_row = static_cast<std::size_t>(vertical.low), below_row = static_cast<std::size_t>(vertical.high);
    const float *above = scores.values + above_row * row_floats, *below = scores.values + below_row * row_floats;
    for (std::size_t i = 0; i < row_floats; ++i) line[i] = above[i] + (below[i] - above[i]) * vertical.fraction;
    for (int x = 0; x < columns.pixels; ++x, ++index) {
      const Between horizontal = between(columns, x);
      const auto left_cell = static_cast<std::size_t>(horizontal.low),
                 right_cell = static_cast<std::size_t>(horizontal.high);
      if (probabilities.empty()) {
        // Most pixels lie inside a region: of a photograph at 513 x 513, nine of ten.
        const auto leader = [&](std::size_t y_cell, std::size_t x_cell) {
          return load(leaders + 2 * (y_cell * width + x_cell));
        };
        const Leader a = leader(above_row, left_cell), b = leader(above_row, right_cell);
        const Leader c = leader(below_row, left_cell), d = leader(below_row, right_cell);
        if (a.channel == b.channel && a.channel == c.channel && a.channel == d.channel && a.margin > certain &&
            b.margin > certain && c.margin > certain && d.margin > certain) {
          mask[index] = static_cast<std::uint8_t>(a.channel);
          continue;
        }
      }
      const float *left = line + left_cell * depth, *right = line + right_cell * depth;
      for (std::size_t c = 0; c < depth; ++c) pixel[c] = left[c] + (right[c] - left[c]) * horizontal.fraction;
      if (scores.step > 0)
        for (std::size_t c = 0; c < depth; ++c) pixel[c] = std::floor(pixel[c] + 0.5f);
      std::size_t best = 0;
      for (std::size_t c = 1; c < depth; ++c)
        if (pixel[c] > pixel[best]) best = c;
      mask[index] = static_cast<std::uint8_t>(best);
      if (probabilities.empty()) continue;
      if (scores.function == ScoreFunction::identity) {
        for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane + index] = pixel[c] * unit;
        continue;
      }
      if (scores.function == ScoreFunction::sigmoid) {
        for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane + index] = 1 / (1 + std::exp(-pixel[c] * unit));
        continue;
      }
      float sum = 0;
      const float largest = pixel[best];
      for (std::size_t c = 0; c < depth; ++c) sum += pixel[c] = std::exp((pixel[c] - largest) * unit);
      for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane + index] = pixel[c] / sum;
    }
  }
}

}  // namespace mobilenet
