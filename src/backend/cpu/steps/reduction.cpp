// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/reduction.h"

#include <algorithm>

namespace mobilenet::cpu {

Reduction reduction_loop(const Shape& in, unsigned axes) {
  Reduction loop;
  std::size_t step = 1;
  for (int axis = in.rank() - 1; axis >= 0; --axis) {
    const auto extent = static_cast<std::size_t>(in[axis]);
    const bool reduced = (axes & 1u << axis) != 0;
    if (axis == in.rank() - 1 && !reduced) {
      loop.width = extent;
    } else {
      std::vector<Reduction::Axis>& list = reduced ? loop.reduced : loop.kept;
      (reduced ? loop.count : loop.rows) *= extent;
      // What goes on where the axis behind it ends becomes part of that.
      if (!list.empty() && step == list.back().step * list.back().extent)
        list.back().extent *= extent;
      else
        list.push_back({extent, step});
    }
    step *= extent;
  }
  std::reverse(loop.kept.begin(), loop.kept.end());
  std::reverse(loop.reduced.begin(), loop.reduced.end());
  return loop;
}

}  // namespace mobilenet::cpu
