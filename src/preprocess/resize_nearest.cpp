// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resize_nearest.h"

#include <algorithm>

namespace mobilenet {

// Pillow walks along the axis in steps of double, so that its roundings add up; torchvision multiplies in float32.
void NearestResize::prepare(const AxisGeometry& axis, std::vector<int>& sources) const {
  const double step = static_cast<double>(axis.crop_size) / axis.resized;
  const float scale = static_cast<float>(axis.crop_size) / static_cast<float>(axis.resized);
  constexpr int kMostSteps = 1 << 20;  // of walking to a window; no picture that means anything is longer
  const int begin = axis.window_begin > kMostSteps ? axis.window_begin : 0;
  double walked = (begin + 0.5) * step;
  sources.clear();
  for (int i = begin; i < axis.window_begin + axis.window_size; ++i, walked += step) {
    if (i < axis.window_begin) continue;
    const int source = resampler_ == Resampler::pillow ? static_cast<int>(walked)
                                                       : static_cast<int>((static_cast<float>(i) + 0.5f) * scale);
    sources.push_back(std::min(source, axis.crop_size - 1));
  }
}

template <>
std::vector<std::uint8_t>& NearestResize::row_memory() {
  return byte_row_;
}
template <>
std::vector<float>& NearestResize::row_memory() {
  return float_row_;
}

template <class Sample>
void NearestResize::run(const UprightPixels& pixels, const Geometry& geometry, Sample* out) {
  if (geometry != geometry_) {
    geometry_ = {};  // stays invalid when memory runs out below
    prepare(geometry.columns, columns_);
    prepare(geometry.rows, rows_);
    geometry_ = geometry;
  }
  std::vector<Sample>& memory = row_memory<Sample>();
  // Only the columns from the first to the last that counts are read.
  const int first = columns_.front(), count = columns_.back() - first + 1;
  const std::size_t samples = 3 * static_cast<std::size_t>(count);
  if (memory.size() < samples) memory.resize(samples);
  for (const int y : rows_) {
    const Sample* row =
        pixels.row(geometry.columns.crop_begin + first, geometry.rows.crop_begin + y, count, memory.data());
    for (const int x : columns_) out = std::copy_n(row + 3 * static_cast<std::ptrdiff_t>(x - first), 3, out);
  }
}

template void NearestResize::run(const UprightPixels&, const Geometry&, std::uint8_t*);
template void NearestResize::run(const UprightPixels&, const Geometry&, float*);

}  // namespace mobilenet
