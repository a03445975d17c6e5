// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Operators of random graphs on single numbers, on pairs of them, and reductions.

#include "graphs/graph_movements.h"

namespace mobilenet::testing {

class GraphElements : protected GraphMovements {
 protected:
  explicit GraphElements(Choices& choices) : GraphMovements(choices) {}

  schema::FusedActivation fused();
  // Another tensor of the same type whose shape `fits`, or x itself.
  template <class Fits>
  int partner(int x, Fits fits) {
    std::vector<int> all;
    for (const int other : live_)
      if (tensor(other).type == tensor(x).type && fits(shape(other))) all.push_back(other);
    return all[choices_.below(static_cast<std::uint32_t>(all.size()))];
  }
  double larger_scale(int a, int b) const { return std::max(scale(a), scale(b)); }

  // A tensor and another, or a constant, of one pixel, one channel or one number, in either order.
  int binary(int x);
  int unary(int x);
  // Square roots, one over them, and powers, of what is positive.
  int root(int x);
  // Over any axes but the first.
  int reduce(int x);

  std::vector<int> live_;  // what a next operator may read
};

}  // namespace mobilenet::testing
