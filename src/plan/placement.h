// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where blocks of memory that live for some of the steps lie in one arena.

#include <cstddef>
#include <span>
#include <vector>

namespace mobilenet {

struct Block {
  std::size_t bytes = 0;
  int first = 0, last = 0;  // the steps during which it must keep its contents
};

struct Placement {
  std::vector<std::size_t> offsets;  // per block
  std::size_t bytes = 0;             // of the arena
};

// Greedy: the largest first, each at the lowest offset where no block alive at the same time lies. At worst a
// comparison for every pair of blocks: 0.1 s for 16,000 of them.
Placement place(std::span<const Block> blocks);

}  // namespace mobilenet
