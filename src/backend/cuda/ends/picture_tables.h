// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the kernels must know of one picture, and which of its pixels they read: those alone travel, if they do not lie
// on the device.

#include <mobilenet/image.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/cuda/kernels/picture_arguments.h"
#include "preprocess/geometry.h"
#include "preprocess/pil_taps.h"
#include "preprocess/resize_tf.h"
#include "spec/preprocess_spec.h"

namespace mobilenet::cuda {

// All that tables depend on; where the pixels are, and how far apart their rows, is none of it.
struct PictureForm {
  int width = 0, height = 0;  // as stored
  PixelFormat format = PixelFormat::rgb;
  Orientation orientation = Orientation::upright;
  Geometry geometry;
  Memory memory = Memory::host;

  bool operator==(const PictureForm&) const = default;
};

class PictureTables {
 public:
  // The picture must be one that UprightPixels::check() accepts. Fails where it is larger than kernels count.
  Result<void> make(const PreprocessSpec& spec, const PictureForm& form, int channels);

  // Of the device: pixels that travel, tables and what lies between the passes.
  std::size_t pixel_bytes() const { return in_place_ ? 0 : planes_ * plane_bytes(); }
  std::size_t table_bytes() const;
  std::size_t between_bytes() const { return between_bytes_; }
  // The tables one behind the other, and what they and the rest are found by when they lie at these addresses.
  void write_tables(std::byte* out) const;
  // `image`: where pixels of the device are; `pixels`: where those of the host will be.
  PictureArguments arguments(const ImageView& image, Address pixels, Address tables, Address between) const;

  // Bytes begin to end of the host's pixels as they lie on the device: row by row as stored, without gaps, in upright
  // order.
  void gather(const ImageView& image, std::size_t begin, std::size_t end, std::byte* out) const;

 private:
  struct Axis {
    std::vector<PictureTapArguments> taps;
    std::vector<std::int32_t> weights;  // or the bits of floats
    int first = 0, places = 0;          // of the upright picture
    int begin = 0;                      // in the network's input
  };

  template <class Weight>
  void make_pillow(PilFilter filter, const AxisGeometry& geometry, PilAxis<Weight>& made, Axis& axis);
  void make_points(const PreprocessSpec& spec, const AxisGeometry& geometry, Axis& axis);
  void pick_rows(Axis& axis);
  std::size_t row_bytes() const { return static_cast<std::size_t>(stored_places_) * pixel_; }
  std::size_t plane_bytes() const { return rows_there_.size() * row_bytes(); }

  Axis columns_, rows_;
  std::vector<int> rows_there_;               // stored rows, in the order of the upright picture; that travel
  int first_row_ = 0;                         // the stored row that comes first there
  int stored_first_ = 0, stored_places_ = 0;  // of a stored row
  std::size_t planes_ = 1, pixel_ = 3;        // bytes
  std::array<int, 3> rgb_{};                  // offsets in a pixel of bytes
  bool in_place_ = false;                     // on the device already
  bool is_turned_ = false, from_right_ = false, from_bottom_ = false, has_floats_ = false, vertical_first_ = false;
  std::size_t between_bytes_ = 0;

  // Memory of make().
  std::vector<double> exact_;
  PilAxis<std::int32_t> pil_bytes_;
  PilAxis<float> pil_floats_;
  std::vector<TfPair> pairs_;
  std::vector<int> sources_, picked_;
};

}  // namespace mobilenet::cuda
