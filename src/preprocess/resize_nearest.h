// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The nearest source pixel for each result, as Pillow and torchvision find it.

#include <cstdint>
#include <vector>

#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"

namespace mobilenet {

class NearestResize {
 public:
  explicit NearestResize(Resampler resampler) : resampler_(resampler) {}

  // Writes the window: rows.window_size rows of columns.window_size RGB pixels. Sample: std::uint8_t for pictures of
  // bytes, float for those of floats. Tables are made once per geometry.
  template <class Sample>
  void run(const UprightPixels& pixels, const Geometry& geometry, Sample* out);

 private:
  void prepare(const AxisGeometry& axis, std::vector<int>& sources) const;
  template <class Sample>
  std::vector<Sample>& row_memory();

  Resampler resampler_;
  Geometry geometry_;
  std::vector<int> columns_, rows_;  // source pixel of each result, inside the crop
  std::vector<std::uint8_t> byte_row_;
  std::vector<float> float_row_;
};

extern template void NearestResize::run(const UprightPixels&, const Geometry&, std::uint8_t*);
extern template void NearestResize::run(const UprightPixels&, const Geometry&, float*);

}  // namespace mobilenet
