// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the kernels must know of one picture, and which of its pixels they read: those alone travel, if they do not lie
// on the device.

#include <mobilenet/image.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/cuda/kernels/picture_arguments.h"
#include "pictures/upright_pixels.h"
#include "pictures/ycbcr.h"
#include "preprocess/geometry.h"
#include "preprocess/pil_taps.h"
#include "preprocess/plane_taps.h"
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
  ColourMatrix matrix = ColourMatrix::bt601;
  ColourRange range = ColourRange::limited;

  bool operator==(const PictureForm&) const = default;
};

class PictureTables {
 public:
  // The picture must be one that UprightPixels::check() accepts. Fails where it is larger than kernels count.
  Result<void> make(const PreprocessSpec& spec, const PictureForm& form, int channels);

  // Of the device: pixels that travel, tables and what lies between the passes.
  std::size_t pixel_bytes() const;
  std::size_t table_bytes() const;
  std::size_t between_bytes() const;
  // The tables one behind the other, and what they and the rest are found by when they lie at these addresses.
  void write_tables(std::byte* out) const;
  // `image`: where pixels of the device are; `pixels`: where those of the host will be.
  PictureArguments arguments(const ImageView& image, Address pixels, Address tables, Address between) const;

  // Bytes begin to end of the host's pixels as they lie on the device: plane by plane, row by row as stored, without
  // gaps, in upright order.
  void gather(const ImageView& image, std::size_t begin, std::size_t end, std::byte* out) const;

 private:
  struct Axis {
    std::vector<PictureTapArguments> taps;
    std::vector<std::int32_t> weights;  // or the bits of floats
    int first = 0, places = 0;          // of the upright picture
    int begin = 0;                      // in the network's input
  };

  // What is resized alike: all of a picture, its luma, or its colours.
  struct Plane {
    std::size_t image_plane = 0;  // of ImageView::planes, the first
    Axis columns, rows;
    std::vector<int> rows_there;              // stored rows, in the order of the upright picture; that travel
    int first_row = 0;                        // the stored row that comes first there
    int stored_first = 0, stored_places = 0;  // of a stored row
    std::size_t pixel = 3;                    // bytes
    std::array<int, 3> offsets{};             // in a pixel of bytes
    bool vertical_first = false;
    std::size_t between_bytes = 0;

    std::size_t row_bytes() const { return static_cast<std::size_t>(stored_places) * pixel; }
    std::size_t bytes() const { return rows_there.size() * row_bytes(); }
  };

  void make_pillow(PilFilter filter, const AxisGeometry& geometry, bool is_first_pass, Axis& axis);
  template <class Weight>
  void take_axis(const AxisGeometry& geometry, const PilAxis<Weight>& made, Axis& axis);
  void make_points(const PreprocessSpec& spec, const AxisGeometry& geometry, Axis& axis);
  void pick_rows(Axis& axis);
  // samples: of a pixel between the passes.
  Result<void> make_plane(const PreprocessSpec& spec, const PictureForm& form, const PlaneForm& stored, int samples,
                          Plane& plane);
  PicturePlaneArguments arguments(const Plane& plane, const ImageView& image, Address pixels, Address& tables,
                                  Address between) const;
  // What travels, part by part: planes, of which those of floats share tables, and two planes of colours.
  std::size_t parts() const { return has_floats_ ? 3 : planes_in_use_ + (has_two_colours_ ? 1 : 0); }
  const Plane& tables_of(std::size_t part) const {
    return planes_[has_floats_ ? 0 : std::min(part, planes_in_use_ - 1)];
  }
  std::size_t image_plane_of(std::size_t part) const {
    return has_floats_ || has_two_colours_ ? part : planes_[part].image_plane;
  }
  std::span<const Plane> planes() const { return {planes_.data(), planes_in_use_}; }

  std::array<Plane, 2> planes_;
  std::size_t planes_in_use_ = 1;
  bool in_place_ = false;  // on the device already
  bool is_turned_ = false, from_right_ = false, from_bottom_ = false, has_floats_ = false, is_ycbcr_ = false;
  bool has_two_colours_ = false;  // in planes of their own
  YcbcrMatrix matrix_;

  // Memory of make().
  std::vector<double> exact_;
  PilAxis<std::int32_t> pil_bytes_;
  PilAxis<float> pil_floats_;
  PlaneTapMaker plane_taps_;
  std::vector<TfPair> pairs_;
  std::vector<int> sources_, picked_;
};

}  // namespace mobilenet::cuda
