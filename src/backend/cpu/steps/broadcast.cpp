// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/broadcast.h"

namespace mobilenet::cpu {

Broadcast broadcast_loop(const Shape& a, const Shape& b, const Shape& out) {
  // Axes from the last one on; one that goes on where the one behind it ends becomes part of it.
  std::vector<Broadcast::Axis> axes;
  std::size_t a_elements = 1, b_elements = 1;
  for (int i = out.rank() - 1; i >= 0; --i) {
    const auto extent = static_cast<std::size_t>(out[i]);
    const auto extent_in = [&](const Shape& operand) {
      const int axis = i - (out.rank() - operand.rank());
      return axis < 0 ? std::size_t{1} : static_cast<std::size_t>(operand[axis]);
    };
    if (extent == 1) continue;
    const std::size_t in_a = extent_in(a), in_b = extent_in(b);
    const Broadcast::Axis axis{extent, in_a == 1 ? 0 : a_elements, in_b == 1 ? 0 : b_elements};
    a_elements *= in_a, b_elements *= in_b;
    if (!axes.empty()) {
      Broadcast::Axis& last = axes.back();
      if (axis.a_step == last.a_step * last.extent && axis.b_step == last.b_step * last.extent) {
        last.extent *= extent;
        continue;
      }
    }
    axes.push_back(axis);
  }
  Broadcast loop;
  if (!axes.empty()) {
    loop.run = axes[0].extent;
    loop.a_walks = axes[0].a_step != 0, loop.b_walks = axes[0].b_step != 0;
  }
  for (std::size_t i = axes.size(); i-- > 1;) {
    loop.outer.push_back(axes[i]);
    loop.runs *= axes[i].extent;
  }
  return loop;
}

}  // namespace mobilenet::cpu
