// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_tf.h"

#include <algorithm>
#include <cmath>

namespace mobilenet {

// All in float32, like the source: the scale is rounded before it is multiplied.
void tf_pairs(TfCentres centres, const AxisGeometry& axis, std::vector<TfPair>& pairs) {
  const bool corners = centres == TfCentres::align_corners && axis.resized > 1;
  const float scale = corners
                          ? static_cast<float>(std::max(axis.extent() - 1, 0.0)) / static_cast<float>(axis.resized - 1)
                          : static_cast<float>(axis.extent()) / static_cast<float>(axis.resized);
  const auto lead = static_cast<float>(axis.lead);
  const auto last = static_cast<float>(axis.crop_size - 1);
  pairs.clear();
  for (int i = axis.window_begin; i < axis.window_begin + axis.window_size; ++i) {
    const float at = lead + (centres == TfCentres::half_pixel ? (static_cast<float>(i) + 0.5f) * scale - 0.5f
                                                              : static_cast<float>(i) * scale);
    const float below = std::floor(at);
    const auto index = [&](float value) {
      return std::min(static_cast<int>(std::clamp(value, 0.0f, last)), axis.crop_size - 1);
    };
    pairs.push_back({index(below), index(std::ceil(at)), at - below});
  }
}

template <class Sample>
void TfResize::stretch_row(const Sample* row, float* out) const {
  for (const TfPair& pair : columns_) {
    const Sample* lower = row + 3 * static_cast<std::ptrdiff_t>(pair.lower);
    const Sample* upper = row + 3 * static_cast<std::ptrdiff_t>(pair.upper);
    for (int c = 0; c < 3; ++c) {
      const float begin = lower[c], end = upper[c];
      *out++ = begin + (end - begin) * pair.fraction;
    }
  }
}

const float* TfResize::stretched_row(const UprightPixels& pixels, int y, int keep) {
  for (std::size_t slot = 0; slot < 2; ++slot)
    if (stretched_y_[slot] == y) return stretched_[slot].data();
  const std::size_t slot = stretched_y_[0] == keep ? 1 : 0;
  const int left = geometry_.columns.crop_begin, count = geometry_.columns.crop_size;
  const int picture_y = geometry_.rows.crop_begin + y;
  if (pixels.floats())
    stretch_row(pixels.row(left, picture_y, count, float_row_.data()), stretched_[slot].data());
  else
    stretch_row(pixels.row(left, picture_y, count, byte_row_.data()), stretched_[slot].data());
  stretched_y_[slot] = y;
  return stretched_[slot].data();
}

void TfResize::run(const UprightPixels& pixels, const Geometry& geometry, float* out) {
  const std::size_t row_samples = 3 * static_cast<std::size_t>(geometry.columns.window_size);
  const std::size_t source_samples = 3 * static_cast<std::size_t>(geometry.columns.crop_size);
  if (geometry != geometry_) {
    geometry_ = {};  // stays invalid when memory runs out below
    tf_pairs(centres_, geometry.columns, columns_);
    tf_pairs(centres_, geometry.rows, rows_);
    for (std::vector<float>& row : stretched_) row.resize(row_samples);
    geometry_ = geometry;
  }
  if (pixels.floats() && float_row_.size() < source_samples) float_row_.resize(source_samples);
  if (!pixels.floats() && byte_row_.size() < source_samples) byte_row_.resize(source_samples);
  stretched_y_ = {-1, -1};
  for (const TfPair& pair : rows_) {
    const float* lower = stretched_row(pixels, pair.lower, pair.upper);
    const float* upper = stretched_row(pixels, pair.upper, pair.lower);
    for (std::size_t i = 0; i < row_samples; ++i) *out++ = lower[i] + (upper[i] - lower[i]) * pair.fraction;
  }
}

}  // namespace mobilenet
