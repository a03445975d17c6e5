// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The window that a resizer hands to an encoder, as it is: through an encoder that changes nothing.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <vector>

#include "base/workers.h"
#include "pictures/upright_pixels.h"
#include "preprocess/input_encoder.h"
#include "preprocess/noise_picture.h"

namespace mobilenet {

// For the names of tests.
template <class Table>
void PrintTo(const KernelRow<Table>& row, std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's
  *out << row.isa;
}

}  // namespace mobilenet

namespace mobilenet::testing {

constexpr PixelFormat kByteFormats[] = {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra,
                                        PixelFormat::grey};

// Noise in memory of exactly its size, so that the sanitizer build sees a byte too many; rows have a gap, or run
// upwards.
class StoredPicture {
 public:
  StoredPicture(PixelFormat format, int width, int height, Orientation orientation, bool upwards) {
    const int gap = 5, row = plane_form(format, 1, 1, 0).pixel_bytes * width + gap;
    bytes_ = NoisePicture(row, height, 3).rgb;
    bytes_.resize(static_cast<std::size_t>(row) * static_cast<std::size_t>(height) - gap);
    bytes_.shrink_to_fit();
    view_ = ImageView::packed(bytes_.data(), format, width, height);
    view_.row_bytes[0] = upwards ? -row : row;
    if (upwards) view_.planes[0] = bytes_.data() + static_cast<std::ptrdiff_t>(row) * (height - 1);
    view_.orientation = orientation;
  }
  const ImageView& view() const { return view_; }

 private:
  std::vector<std::uint8_t> bytes_;
  ImageView view_;
};

// Element: std::uint8_t or float.
template <class Element, class Resize>
std::vector<Element> resized(Resize& resize, const UprightPixels& pixels, const Geometry& geometry,
                             const Workers& workers = {}) {
  const PictureSize size{geometry.columns.window_size, geometry.rows.window_size};
  std::vector<Element> out(static_cast<std::size_t>(size.width * size.height * 3), Element{77});
  PreprocessSpec spec;
  set_encoding(PixelEncoding::bytes(), spec);
  const auto encoder = InputEncoder::create(spec, {kTypeOf<Element>}, *runnable_float_kernels().front().kernels);
  resize.run(pixels, {out.data(), size, geometry}, *encoder, workers);
  return out;
}

}  // namespace mobilenet::testing
