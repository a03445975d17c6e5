// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/corners.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mobilenet::drawing {
namespace {

constexpr int kSlices = 16;  // of a row of pixels; within one the edge counts as straight
constexpr std::size_t kMostCorners = 64;

Corner make_corner(double radius) {
  Corner corner{radius, static_cast<int>(std::ceil(radius)), {}};
  const auto side = static_cast<std::size_t>(corner.side);
  corner.cover.reserve(side * side);
  std::vector<double> row(side);
  for (int y = 0; y < corner.side; ++y) {
    std::ranges::fill(row, 0.0);
    for (int slice = 0; slice < kSlices; ++slice) {
      const double up = std::max(0.0, radius - (y + (slice + 0.5) / kSlices));  // above the circle's centre
      const double edge = radius - std::sqrt(radius * radius - up * up);
      for (std::size_t x = 0; x < side; ++x) row[x] += std::clamp(static_cast<double>(x) + 1 - edge, 0.0, 1.0);
    }
    for (const double covered : row)
      corner.cover.push_back(static_cast<std::uint16_t>(std::lround(256 * covered / kSlices)));
  }
  return corner;
}

}  // namespace

const Corner& Corners::of(double radius) {
  for (const auto& corner : corners_)
    if (corner->radius == radius) return *corner;
  corners_.push_back(std::make_unique<Corner>(make_corner(radius)));
  return *corners_.back();
}

void Corners::trim() {
  if (corners_.size() > kMostCorners) corners_.clear();
}

}  // namespace mobilenet::drawing
