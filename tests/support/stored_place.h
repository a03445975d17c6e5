// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How a picture is stored that a viewer sees upright: written down from EXIF's table, not from the library.

#include <mobilenet/image.h>

#include <utility>

namespace mobilenet::testing {

// Column and row where the pixel (x, y) of the upright picture lies in stored ones of this size.
inline std::pair<int, int> stored_place(Orientation orientation, int x, int y, int width, int height) {
  const int right = width - 1, bottom = height - 1;
  switch (orientation) {
    case Orientation::upright:
      return {x, y};
    case Orientation::flip_horizontal:
      return {right - x, y};
    case Orientation::rotate_180:
      return {right - x, bottom - y};
    case Orientation::flip_vertical:
      return {x, bottom - y};
    case Orientation::transpose:
      return {y, x};
    case Orientation::rotate_90:
      return {y, bottom - x};
    case Orientation::transverse:
      return {right - y, bottom - x};
    case Orientation::rotate_270:
      return {right - y, x};
  }
  return {x, y};
}

}  // namespace mobilenet::testing
