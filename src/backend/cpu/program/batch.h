// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A batch as the CPU sees it: slices of a picture or a few that run one after the other, or at the same time on a
// thread each. Memory then does not grow with the batch, and nobody waits within a slice.

#include <cstddef>
#include <span>
#include <vector>

#include "network/network.h"

namespace mobilenet::cpu {

struct Batch {
  std::int64_t pictures = 1;
  std::vector<Shape> shapes;        // per tensor, of the whole batch
  std::vector<Shape> slice_shapes;  // per tensor, of a slice
  std::size_t slices = 1;
};

// Of all weights, as they are computed with.
std::int64_t weight_bytes(const Parameters& parameters);

// One slice where a tensor of the batch is not made of those of its pictures, one after the other.
Result<Batch> batch_of(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes,
                       int threads);

}  // namespace mobilenet::cpu
