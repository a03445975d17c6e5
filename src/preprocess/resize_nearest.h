// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The nearest source pixel for each result, as Pillow and torchvision find it.

#include <cstdint>
#include <vector>

#include "base/workers.h"
#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"
#include "preprocess/input_encoder.h"

namespace mobilenet {

// The source pixel of every pixel of the window, counted inside the crop.
void nearest_sources(Resampler resampler, const AxisGeometry& axis, std::vector<int>& sources);

class NearestResize {
 public:
  explicit NearestResize(Resampler resampler) : resampler_(resampler) {}

  // Hands the window of a picture of bytes to the encoder. Tables are made once per geometry. Rows are shared out.
  void run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder, const Workers& workers);
  // Of a picture of floats: writes rows.window_size rows of columns.window_size RGB pixels.
  void run(const UprightPixels& pixels, const Geometry& geometry, float* out);

 private:
  void prepare(const Geometry& geometry);

  Resampler resampler_;
  Geometry geometry_;
  std::vector<int> columns_, rows_;   // source pixel of each result, inside the crop
  std::vector<int> picture_columns_;  // of each result
  std::vector<std::uint8_t> picked_;  // a row of results for every member of a loop
  std::vector<float> row_;            // of a picture of floats
};

}  // namespace mobilenet
