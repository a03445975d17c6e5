// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "postprocess/mask.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mobilenet {
namespace {

// Pixels of a mask that are worth waking a thread for.
constexpr std::size_t kPixelsOfPart = 1 << 16;

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

template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

}  // namespace

struct MaskEnlargement::Picture {
  const ScoreMap& scores;
  const MaskAxis &rows, &columns;
  std::uint8_t* mask;
  std::span<float> probabilities;
  // A class that leads by more than this at all four cells around a pixel leads at the pixel too, whatever the
  // rounding: whole numbers are rounded by half a step, sums of four products by far less than 1e-5 of the largest.
  float certain = 0;
  std::size_t depth = static_cast<std::size_t>(scores.channels);
  std::size_t cells = static_cast<std::size_t>(columns.cells);   // of a row
  std::size_t width = static_cast<std::size_t>(columns.pixels);  // of the mask

  const float* row_of_cells(std::size_t y) const { return scores.values + y * cells * depth; }
};

void MaskEnlargement::place_columns(const MaskAxis& columns) {
  runs_.clear();
  for (int x = 0; x < columns.pixels; ++x) {
    const Between place = between(columns, x);
    const auto pixel = static_cast<std::size_t>(x), left = static_cast<std::size_t>(place.low);
    fractions_[pixel] = place.fraction;
    if (runs_.empty() || runs_.back().left != left)
      runs_.push_back({pixel, pixel, left, static_cast<std::size_t>(place.high)});
    runs_.back().end = pixel + 1;
  }
}

void MaskEnlargement::find_leaders(const Picture& picture) {
  const float* scores = picture.scores.values;
  for (Leader& leader : std::span(leaders_).first(picture.cells * static_cast<std::size_t>(picture.rows.cells))) {
    leader = {std::numeric_limits<float>::infinity(), 0};
    float best = scores[0];
    for (int c = 1; c < picture.scores.channels; ++c) {
      if (scores[c] > best) {
        leader = {scores[c] - best, c};
        best = scores[c];
      } else {
        leader.margin = std::min(leader.margin, best - scores[c]);
      }
    }
    scores += picture.depth;
  }
}

// Most pixels lie inside a region, of a photograph at 513 x 513 nine of ten: where one class certainly leads at all
// four cells, no scores are looked at.
void MaskEnlargement::row(const Picture& picture, int y, float* line) const {
  const Between vertical = between(picture.rows, y);
  const auto above = static_cast<std::size_t>(vertical.low), below = static_cast<std::size_t>(vertical.high);
  const Leader *above_leaders = leaders_.data() + above * picture.cells,
               *below_leaders = leaders_.data() + below * picture.cells;
  std::uint8_t* const mask = picture.mask + static_cast<std::size_t>(y) * picture.width;
  const auto interpolate = [&] {
    kernels_.interpolate(picture.row_of_cells(above), picture.row_of_cells(below), vertical.fraction,
                         picture.cells * picture.depth, line);
  };
  if (!picture.probabilities.empty()) {
    interpolate();
    row_of_probabilities(picture, y, line, line + picture.cells * picture.depth);
    return;
  }
  const auto leads = [&](const Leader& leader, const Leader& first) {
    return leader.channel == first.channel && leader.margin > picture.certain;
  };
  bool interpolated = false;
  for (const Run& run : runs_) {
    const Leader& first = above_leaders[run.left];
    if (leads(first, first) && leads(above_leaders[run.right], first) && leads(below_leaders[run.left], first) &&
        leads(below_leaders[run.right], first)) {
      std::fill(mask + run.begin, mask + run.end, static_cast<std::uint8_t>(first.channel));
      continue;
    }
    if (!interpolated) interpolate();
    interpolated = true;
    kernels_.classes({line + run.left * picture.depth, line + run.right * picture.depth, picture.depth,
                      fractions_.data() + run.begin, run.end - run.begin},
                     picture.scores.step > 0, mask + run.begin);
  }
}

void MaskEnlargement::row_of_probabilities(const Picture& picture, int y, const float* line, float* pixel) const {
  const ScoreMap& scores = picture.scores;
  const std::size_t depth = picture.depth, plane = static_cast<std::size_t>(picture.rows.pixels) * picture.width;
  const float unit = scores.step > 0 ? scores.step : 1;
  std::size_t index = static_cast<std::size_t>(y) * picture.width;
  for (const Run& run : runs_)
    for (std::size_t x = run.begin; x < run.end; ++x, ++index) {
      const float *left = line + run.left * depth, *right = line + run.right * depth;
      float* const probabilities = picture.probabilities.data() + index;
      for (std::size_t c = 0; c < depth; ++c) pixel[c] = left[c] + (right[c] - left[c]) * fractions_[x];
      if (scores.step > 0)
        for (std::size_t c = 0; c < depth; ++c) pixel[c] = std::floor(pixel[c] + 0.5f);
      std::size_t best = 0;
      for (std::size_t c = 1; c < depth; ++c)
        if (pixel[c] > pixel[best]) best = c;
      picture.mask[index] = static_cast<std::uint8_t>(best);
      switch (scores.function) {
        case ScoreFunction::identity:
          for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane] = pixel[c] * unit;
          break;
        case ScoreFunction::sigmoid:
          for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane] = 1 / (1 + std::exp(-pixel[c] * unit));
          break;
        case ScoreFunction::softmax: {
          float sum = 0;
          const float largest = pixel[best];
          for (std::size_t c = 0; c < depth; ++c) sum += pixel[c] = std::exp((pixel[c] - largest) * unit);
          for (std::size_t c = 0; c < depth; ++c) probabilities[c * plane] = pixel[c] / sum;
        }
      }
    }
}

void MaskEnlargement::run(const ScoreMap& scores, const MaskAxis& rows, const MaskAxis& columns, std::uint8_t* mask,
                          std::span<float> probabilities, const Workers& workers) {
  Picture picture{scores, rows, columns, mask, probabilities};
  const std::size_t cells = static_cast<std::size_t>(rows.cells) * picture.cells;
  const std::size_t height = static_cast<std::size_t>(rows.pixels);
  const std::size_t line = (picture.cells + 1) * picture.depth;
  grow(leaders_, cells);
  grow(fractions_, picture.width + kFractionPadding);
  grow(lines_, line * static_cast<std::size_t>(workers.most()));
  runs_.reserve(picture.width);
  place_columns(columns);
  if (probabilities.empty()) {
    picture.certain = scores.step > 0 ? 1.01f : 1e-5f * kernels_.largest(scores.values, cells * picture.depth);
    find_leaders(picture);
  }
  const std::size_t parts = std::min(workers.parts(picture.width * height, kPixelsOfPart), height);
  workers.for_each(parts, [&](std::size_t part, std::size_t member) {
    const auto end = static_cast<int>((part + 1) * height / parts);
    for (auto y = static_cast<int>(part * height / parts); y < end; ++y) row(picture, y, lines_.data() + member * line);
  });
}

}  // namespace mobilenet
