// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pillow's antialiased resizes as plain loops: a horizontal and a vertical pass. Pictures of floats go this way. For
// bytes, with coefficients in 22-bit fixed point and results rounded to bytes, it is the definition that tests compare
// resize_pil_bytes.h with.

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"
#include "preprocess/pil_taps.h"

namespace mobilenet {

// Sample: std::uint8_t or float.
template <class Sample>
class PilResize {
 public:
  PilResize(PilFilter filter, Resampler resampler) : filter_(filter), resampler_(resampler) {}

  // Writes the window: rows.window_size rows of columns.window_size RGB pixels. Tables are made once per geometry.
  void run(const UprightPixels& pixels, const Geometry& geometry, Sample* out);

 private:
  using Weight = std::conditional_t<std::is_same_v<Sample, float>, float, std::int32_t>;

  // A row of the picture, read once for all results that it counts in.
  struct KeptRow {
    int y = -1;
    const Sample* pixels = nullptr;
  };

  void prepare(const Geometry& geometry);
  void run_horizontal_first(const UprightPixels& pixels, Sample* out);
  void run_vertical_first(const UprightPixels& pixels, Sample* out);
  void squeeze_row(const Sample* row, Sample* out) const;
  // row(y) gives source row y, counted from the first that any tap reads.
  template <class Row>
  void blend_rows(const PilTaps& taps, std::size_t samples, Row row, Sample* out);

  PilFilter filter_;
  Resampler resampler_;
  Geometry geometry_;
  PilAxis<Weight> columns_;
  PilAxis<Weight> rows_;
  std::vector<double> exact_;   // weights of one pixel, before rounding
  std::vector<Sample> row_;     // one row of the picture, or all kept ones
  std::vector<KeptRow> kept_;   // when the vertical pass goes first: by y modulo their number
  std::vector<Sample> passed_;  // between the passes: all needed rows squeezed, or one row blended
  std::vector<Weight> sums_;    // one row of the vertical pass
};

extern template class PilResize<std::uint8_t>;
extern template class PilResize<float>;

}  // namespace mobilenet
