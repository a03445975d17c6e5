// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace mobilenet {
namespace {

bool meet_in_time(const Block& a, const Block& b) { return a.first <= b.last && b.first <= a.last; }

void expect_apart(std::span<const Block> blocks, const Placement& placement) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_LE(placement.offsets[i] + blocks[i].bytes, placement.bytes);
    for (std::size_t j = 0; j < i; ++j) {
      if (!meet_in_time(blocks[i], blocks[j])) continue;
      ASSERT_TRUE(placement.offsets[i] + blocks[i].bytes <= placement.offsets[j] ||
                  placement.offsets[j] + blocks[j].bytes <= placement.offsets[i])
          << i << " over " << j;
    }
  }
}

TEST(Place, NothingTakesNoMemory) { EXPECT_EQ(place({}).bytes, 0u); }

TEST(Place, AChainTakesItsLargestPair) {
  const Block chain[] = {{100, 0, 1}, {300, 1, 2}, {200, 2, 3}, {50, 3, 4}};
  EXPECT_EQ(place(chain).bytes, 500u);
}

TEST(Place, AGapThatFitsIsFilled) {
  // The first two lie at 0 and 300; between them in address, while the first is not alive, the third.
  const Block blocks[] = {{300, 0, 1}, {200, 1, 3}, {100, 2, 3}};
  const Placement placement = place(blocks);
  EXPECT_EQ(placement.offsets[2], 0u);
  EXPECT_EQ(placement.bytes, 500u);
}

TEST(Place, RandomBlocksLieApart) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<Block> blocks(1 + random() % 200);
    for (Block& block : blocks) {
      const int first = static_cast<int>(random() % 50);
      block = {64 * (random() % 40), first, first + static_cast<int>(random() % (round % 2 == 0 ? 3 : 50))};
    }
    expect_apart(blocks, place(blocks));
  }
}

// Each is longer in memory and smaller than the one before: every one of them moved past all others, which took a time
// of the third power of their number (27 s for 4000).
TEST(Place, ManyThatStayTakeNoLongerThanTheirPairs) {
  std::vector<Block> blocks;
  for (int i = 0; i < 4000; ++i) blocks.push_back({static_cast<std::size_t>(64 * (1 + i * 7919 % 4000)), i, 4000});
  const Placement placement = place(blocks);
  std::size_t sum = 0;
  for (const Block& block : blocks) sum += block.bytes;
  EXPECT_EQ(placement.bytes, sum);
}

}  // namespace
}  // namespace mobilenet
