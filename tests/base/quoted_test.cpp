// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/quoted.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mobilenet {
namespace {

TEST(Quoted, LeavesOrdinaryNamesAlone) {
  EXPECT_EQ(quoted(std::string("MobilenetV2/Conv/Relu6;bias")), "\"MobilenetV2/Conv/Relu6;bias\"");
  EXPECT_EQ(printable("gr\xc3\xb6\xc3\x9f"
                      "e"),
            "gr\xc3\xb6\xc3\x9f"
            "e")
      << "letters of other scripts";
}

TEST(Quoted, NoControlCharacters) {
  EXPECT_EQ(printable("a\n\x1b[2J\x7f\xc2\x9b"
                      "b"),
            "a??[2J???b");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "?x");
}

TEST(Quoted, ShortensBetweenCharacters) {
  EXPECT_EQ(quoted(std::string(5000, 'x')), '"' + std::string(120, 'x') + "...\"");
  std::string name(119, 'x');
  name += "\xc3\xb6\xc3\xb6";
  EXPECT_EQ(shortened(name), std::string(119, 'x') + "...") << "never half a character";
}

}  // namespace
}  // namespace mobilenet
