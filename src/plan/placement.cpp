// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/placement.h"

#include <algorithm>
#include <numeric>

namespace mobilenet {
namespace {

struct Placed {
  std::size_t begin, end;
  int first, last;
};

}  // namespace

Placement place(std::span<const Allocation> allocations) {
  Placement placement;
  placement.offsets.resize(allocations.size());
  std::vector<std::size_t> order(allocations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return allocations[a].bytes > allocations[b].bytes; });
  std::vector<Placed> placed;  // by where they begin, so that one pass finds the first gap
  placed.reserve(allocations.size());
  for (const std::size_t index : order) {
    const Allocation& allocation = allocations[index];
    std::size_t begin = 0;
    for (const Placed& other : placed) {
      if (other.begin >= begin + allocation.bytes) break;
      if (other.first <= allocation.last && allocation.first <= other.last) begin = std::max(begin, other.end);
    }
    const Placed here{begin, begin + allocation.bytes, allocation.first, allocation.last};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), here,
                                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; }),
                  here);
    placement.offsets[index] = begin;
    placement.bytes = std::max(placement.bytes, here.end);
  }
  return placement;
}

}  // namespace mobilenet
