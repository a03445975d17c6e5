// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/proportions.h"

#include <algorithm>
#include <cmath>

namespace mobilenet::drawing {

int line_width(int picture_width, int picture_height) {
  const double side = std::sqrt(double{1} * picture_width * picture_height);
  const int shorter = std::min(picture_width, picture_height);
  return std::clamp(static_cast<int>(std::lround(0.4 + 0.0036 * side)), 1, std::clamp(shorter / 16, 1, 60));
}

int shade_width(int line) { return std::max(1, static_cast<int>(std::lround(0.3 * line))); }

}  // namespace mobilenet::drawing
