// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A reduction over any axes as a loop: outputs in rows of `width` neighbours, each the reduction of `count` rows of the
// input.

#include <cstddef>
#include <vector>

#include "network/shape.h"

namespace mobilenet::cpu {

struct Reduction {
  struct Axis {
    std::size_t extent = 1, step = 0;  // of the input, in elements
  };
  std::vector<Axis> kept, reduced;  // outermost first; without the axis of the row
  std::size_t rows = 1;             // of the output: the product of the kept extents
  std::size_t count = 1;            // the product of the reduced extents
  std::size_t width = 1;            // of a row, in elements

  static std::size_t offset(const std::vector<Axis>& axes, std::size_t index) {
    std::size_t at = 0;
    for (std::size_t i = axes.size(); i-- > 0; index /= axes[i].extent) at += index % axes[i].extent * axes[i].step;
    return at;
  }
};

Reduction reduction_loop(const Shape& in, unsigned axes);

}  // namespace mobilenet::cpu
