// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the pixels of a picture lie in a network's input: the one place that knows of planes.

#include <optional>

#include "network/network.h"
#include "spec/input_encoding.h"

namespace mobilenet {

struct PictureAxes {
  PixelOrder order = PixelOrder::pixels;
  int height = 1, width = 2, channels = 3;  // the axes
};

// Of an input of this shape: four axes, of which the last, or else the second, has the one or three channels of a
// picture. None for anything else, such as a row of features behind two axes of one.
inline std::optional<PictureAxes> picture_axes(const Shape& shape) {
  const auto has_channels = [&](int axis) { return shape[axis] == 1 || shape[axis] == 3; };
  if (shape.rank() != 4) return std::nullopt;
  if (has_channels(3)) return PictureAxes();
  if (has_channels(1) && shape[2] > 1) return PictureAxes{PixelOrder::planes, 2, 3, 1};
  return std::nullopt;
}

// The same where the shape is known to be a map, whatever its channels.
inline PictureAxes map_axes(const Shape& shape) { return picture_axes(shape).value_or(PictureAxes()); }

// Of a network whose only input is a picture.
inline std::optional<PictureAxes> picture_axes(const Network& network) {
  return network.inputs.size() == 1 ? picture_axes(network.tensor(network.inputs[0]).shape) : std::nullopt;
}

}  // namespace mobilenet
