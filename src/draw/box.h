// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Rectangles in pixels; a pixel (x, y) covers x .. x + 1, y .. y + 1.

#include <algorithm>

namespace mobilenet::drawing {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  Box grown(double by) const { return {left - by, top - by, right + by, bottom + by}; }
  // How much two boxes share; 0 when nothing.
  double overlap(const Box& other) const {
    const double across = std::min(right, other.right) - std::max(left, other.left);
    const double down = std::min(bottom, other.bottom) - std::max(top, other.top);
    return across > 0 && down > 0 ? across * down : 0;
  }
};

}  // namespace mobilenet::drawing
