// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// TensorFlow 1's bilinear resize as plain loops: four source pixels for each result, no antialiasing, float32 results
// in the units of a byte. The three flavours differ in where a result's centre lies on the source. Pictures of floats
// go this way; for bytes it is the definition that tests compare resize_tf_bytes.h with.

#include <array>
#include <cstdint>
#include <vector>

#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"

namespace mobilenet {

enum class TfCentres { legacy, align_corners, half_pixel };

// result = source[lower] + (source[upper] - source[lower]) * fraction
struct TfPair {
  int lower;
  int upper;
  float fraction;
};

// Of every pixel of the window.
void tf_pairs(TfCentres centres, const AxisGeometry& axis, std::vector<TfPair>& pairs);

class TfResize {
 public:
  explicit TfResize(TfCentres centres) : centres_(centres) {}

  // Writes the window: rows.window_size rows of columns.window_size RGB pixels. Tables are made once per geometry.
  void run(const UprightPixels& pixels, const Geometry& geometry, float* out);

 private:
  // The picture's row y, interpolated horizontally; kept while the next results need it.
  const float* stretched_row(const UprightPixels& pixels, int y, int keep);
  template <class Sample>
  void stretch_row(const Sample* row, float* out) const;

  TfCentres centres_;
  Geometry geometry_;
  std::vector<TfPair> columns_;
  std::vector<TfPair> rows_;
  std::vector<std::uint8_t> byte_row_;  // one row of the picture, as it is or as floats
  std::vector<float> float_row_;
  std::array<std::vector<float>, 2> stretched_;
  std::array<int, 2> stretched_y_{-1, -1};
};

}  // namespace mobilenet
