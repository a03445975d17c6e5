// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How much of each pixel a round corner covers. A picture has few radii, so they are computed once and kept.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mobilenet::drawing {

// An upper left corner; the others are its mirror images.
struct Corner {
  double radius = 0;
  int side = 0;                      // in pixels: all others are covered
  std::vector<std::uint16_t> cover;  // [side][side], of 256

  int at(int x, int y) const {
    return x < side && y < side
               ? cover[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x)]
               : 256;
  }
};

class Corners {
 public:
  // Valid until trim().
  const Corner& of(double radius);
  // Forgets all when there are many, as after pictures of many sizes.
  void trim();

 private:
  std::vector<std::unique_ptr<Corner>> corners_;
};

}  // namespace mobilenet::drawing
