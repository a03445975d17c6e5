// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace mobilenet {
namespace {

bool meet_in_time(const Allocation& a, const Allocation& b) { return a.first <= b.last && b.first <= a.last; }

void expect_apart(std::span<const Allocation> allocations, const Placement& placement) {
  for (std::size_t i = 0; i < allocations.size(); ++i) {
    ASSERT_LE(placement.offsets[i] + allocations[i].bytes, placement.bytes);
    for (std::size_t j = 0; j < i; ++j) {
      if (!meet_in_time(allocations[i], allocations[j])) continue;
      ASSERT_TRUE(placement.offsets[i] + allocations[i].bytes <= placement.offsets[j] ||
                  placement.offsets[j] + allocations[j].bytes <= placement.offsets[i])
          << i << " over " << j;
    }
  }
}

TEST(Place, NothingTakesNoMemory) { EXPECT_EQ(place({}).bytes, 0u); }

TEST(Place, AChainTakesItsLargestPair) {
  const Allocation chain[] = {{100, 0, 1}, {300, 1, 2}, {200, 2, 3}, {50, 3, 4}};
  EXPECT_EQ(place(chain).bytes, 500u);
}

TEST(Place, AGapThatFitsIsFilled) {
  // The first two lie at 0 and 300; between them in address, while the first is not alive, the third.
  const Allocation allocations[] = {{300, 0, 1}, {200, 1, 3}, {100, 2, 3}};
  const Placement placement = place(allocations);
  EXPECT_EQ(placement.offsets[2], 0u);
  EXPECT_EQ(placement.bytes, 500u);
}

TEST(Place, RandomOnesLieApart) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<Allocation> allocations(1 + random() % 200);
    for (Allocation& allocation : allocations) {
      const int first = static_cast<int>(random() % 50);
      allocation = {64 * (random() % 40), first, first + static_cast<int>(random() % (round % 2 == 0 ? 3 : 50))};
    }
    expect_apart(allocations, place(allocations));
  }
}

// Each is longer in memory and smaller than the one before: every one of them moved past all others, which took a time
// of the third power of their number (27 s for 4000).
TEST(Place, ManyThatStayTakeNoLongerThanTheirPairs) {
  std::vector<Allocation> allocations;
  for (int i = 0; i < 4000; ++i) allocations.push_back({static_cast<std::size_t>(64 * (1 + i * 7919 % 4000)), i, 4000});
  const Placement placement = place(allocations);
  std::size_t sum = 0;
  for (const Allocation& allocation : allocations) sum += allocation.bytes;
  EXPECT_EQ(placement.bytes, sum);
}

}  // namespace
}  // namespace mobilenet
