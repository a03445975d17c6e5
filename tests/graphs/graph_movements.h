// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Operators of random graphs that only move elements.

#include "graphs/graph_tensors.h"

namespace mobilenet::testing {

class GraphMovements : protected GraphTensors {
 protected:
  explicit GraphMovements(Choices& choices) : GraphTensors(choices) {}

  // One of them, of tensor `x`; -1: none that makes at most `most` elements.
  int some_movement(int x, int most);

 private:
  int transpose(int x);
  int slice(int x);
  int strided_slice(int x);
  int split(int x);
  int pack(int x);
  int unpack(int x);
  int tile(int x);
  int pad(int x);
  int resize_nearest(int x);
  int blocks(int x);
  int expand(int x);
  int gather(int x);
  int reverse(int x);
  int broadcast(int x);

  bool fits(const std::vector<int>& shape) const { return elements(shape) <= most_; }
  int axis_of(int x) { return choices_.between(1, static_cast<int>(shape(x).size()) - 1); }

  int most_ = 0;
};

}  // namespace mobilenet::testing
