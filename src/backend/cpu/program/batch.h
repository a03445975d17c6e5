// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A batch as the CPU sees it: the same network for one picture after the other, or for several at once, each on a
// thread of its own. Memory then does not grow with the batch, and nobody waits within a picture.

#include <cstddef>
#include <span>
#include <vector>

#include "network/network.h"

namespace mobilenet::cpu {

struct Batch {
  std::vector<Shape> shapes;         // per tensor, of the whole batch
  std::vector<Shape> picture_input;  // input shapes of what runs at once
  std::size_t pictures = 1;          // how often that runs
};

// `input_shapes` as pictures where every tensor of the batch is made of those of the pictures, one after the other;
// else the batch as one picture.
Result<Batch> batch_of(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes);

}  // namespace mobilenet::cpu
