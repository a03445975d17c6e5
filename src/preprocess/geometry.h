// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the network's input lies on a picture: a crop of the upright picture, its size after resizing, and the window
// of the resized crop that the network sees. Integers only; no pixel is touched here.

#include <mobilenet/result.h>

#include "spec/preprocess_spec.h"

namespace mobilenet {

// One axis of the way from the picture to the network's input.
struct AxisGeometry {
  int crop_begin = 0;  // in the upright picture
  int crop_size = 0;
  int resized = 0;       // what crop_size becomes
  int window_begin = 0;  // first resized coordinate that the network sees
  int window_size = 0;   // always inside the resized crop
  int output_begin = 0;  // where the window lands in the network's input; the rest of the input is padding
  // What of the crop's first and of its last pixel lies outside, in pixels: of a plane that has fewer pixels than the
  // picture, where a side of the crop may fall inside one.
  double lead = 0, trail = 0;

  double extent() const { return crop_size - lead - trail; }
  bool operator==(const AxisGeometry&) const = default;
};

struct Geometry {
  AxisGeometry columns;
  AxisGeometry rows;

  bool operator==(const Geometry&) const = default;
};

// From a coordinate in the network's input to one in the upright picture.
class PictureCoordinate {
 public:
  explicit PictureCoordinate(const AxisGeometry& axis)
      : scale_(static_cast<double>(axis.crop_size) / axis.resized),
        offset_(axis.crop_begin + scale_ * (axis.window_begin - axis.output_begin)) {}
  float operator()(double input) const { return static_cast<float>(offset_ + scale_ * input); }

 private:
  double scale_, offset_;
};

struct PictureSize {
  int width = 0;
  int height = 0;

  bool operator==(const PictureSize&) const = default;
};

// The network's input that this picture wants: `input`, unless the spec takes it from the picture.
Result<PictureSize> network_input_size(const PreprocessSpec& spec, PictureSize picture, PictureSize input);

// The same for a plane that covers the upright picture with fewer pixels: its crop is the picture's times `plane` /
// `picture`, and becomes the same window.
Geometry plane_geometry(const Geometry& geometry, PictureSize picture, PictureSize plane);

// Fails when the picture is so elongated that its resized size is not a number of pixels.
Result<Geometry> plan_geometry(const PreprocessSpec& spec, PictureSize picture, PictureSize input);

}  // namespace mobilenet
