// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_nearest.h"

#include <algorithm>

namespace mobilenet {

// Pillow walks along the axis in steps of double, so that its roundings add up; torchvision multiplies in float32.
void nearest_sources(Resampler resampler, const AxisGeometry& axis, std::vector<int>& sources) {
  const double step = axis.extent() / axis.resized;
  const float scale = static_cast<float>(axis.extent()) / static_cast<float>(axis.resized);
  const auto lead = static_cast<float>(axis.lead);
  constexpr int kMostSteps = 1 << 20;  // of walking to a window; no picture that means anything is longer
  const int begin = axis.window_begin > kMostSteps ? axis.window_begin : 0;
  double walked = axis.lead + (begin + 0.5) * step;
  sources.clear();
  for (int i = begin; i < axis.window_begin + axis.window_size; ++i, walked += step) {
    if (i < axis.window_begin) continue;
    const int source = resampler == Resampler::pillow ? static_cast<int>(walked)
                                                      : static_cast<int>(lead + (static_cast<float>(i) + 0.5f) * scale);
    sources.push_back(std::min(source, axis.crop_size - 1));
  }
}

void NearestResize::prepare(const Geometry& geometry) {
  if (geometry == geometry_) return;
  geometry_ = {};  // stays invalid when memory runs out below
  nearest_sources(resampler_, geometry.columns, columns_);
  nearest_sources(resampler_, geometry.rows, rows_);
  picture_columns_.clear();
  for (const int x : columns_) picture_columns_.push_back(geometry.columns.crop_begin + x);
  geometry_ = geometry;
}

void NearestResize::run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder,
                        const Workers& workers) {
  constexpr std::size_t kPixelsOfPart = 1 << 16;  // that are worth waking a thread for
  prepare(place.geometry);
  const std::size_t samples = 3 * columns_.size(), results = rows_.size();
  const std::size_t needed = samples * static_cast<std::size_t>(workers.most());
  if (picked_.size() < needed) picked_.resize(needed);
  const std::size_t parts = std::min(workers.parts(results * columns_.size(), kPixelsOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t member) {
    std::uint8_t* const row = picked_.data() + member * samples;
    for (std::size_t y = part * results / parts; y < (part + 1) * results / parts; ++y) {
      pixels.pick(place.geometry.rows.crop_begin + rows_[y], picture_columns_, row);
      encoder.row(place, static_cast<int>(y), row);
    }
  });
}

void NearestResize::run(const UprightPixels& pixels, const Geometry& geometry, float* out) {
  prepare(geometry);
  // Only the columns from the first to the last that counts are read.
  const int first = columns_.front(), count = columns_.back() - first + 1;
  const std::size_t samples = 3 * static_cast<std::size_t>(count);
  if (row_.size() < samples) row_.resize(samples);
  for (const int y : rows_) {
    const float* row =
        pixels.row(geometry.columns.crop_begin + first, geometry.rows.crop_begin + y, count, row_.data());
    for (const int x : columns_) out = std::copy_n(row + 3 * static_cast<std::ptrdiff_t>(x - first), 3, out);
  }
}

}  // namespace mobilenet
