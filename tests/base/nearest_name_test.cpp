// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mobilenet {
namespace {

constexpr std::string_view kLayers[] = {"stem", "block1/expand", "block1/project", "block2/expand", "pool"};

struct NameCase {
  const char* name;
  std::string_view asked, nearest;
};

TEST(NearestName, MeansWhatIsNearEnough) {
  const NameCase cases[] = {
      {"a letter left out", "blok1/expand", "block1/expand"},
      {"a letter changed", "block2/expend", "block2/expand"},
      {"letters swapped", "pol", "pool"},
      {"swapped letters count once", "opol", "pool"},
      {"upper case", "POOL", "pool"},
      {"another separator", "block1_project", "block1/project"},
      {"nothing like it", "softmax", ""},
      {"empty", "", ""},
      {"short and different", "a", ""},
  };
  for (const NameCase& c : cases) EXPECT_EQ(nearest_name(c.asked, kLayers), c.nearest) << c.name;
  EXPECT_EQ(nearest_name(std::string(1000, 'x'), kLayers), "") << "endless names are not compared";
}

TEST(NearestName, SentencesEndWithItOrWithAShortList) {
  EXPECT_EQ(instead_of("stam", kLayers), "; did you mean stem?");
  EXPECT_EQ(instead_of("softmax", {}), "");
  EXPECT_EQ(instead_of("logits", kLayers), "; there are stem, block1/expand, block1/project, block2/expand, pool");
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back("block" + std::to_string(i));
  const std::vector<std::string_view> many(names.begin(), names.end());
  EXPECT_EQ(instead_of("logits", many),
            "; there are block0, block1, block2, block3, block4, block5, block6, block7 and 52 more");
}

}  // namespace
}  // namespace mobilenet
