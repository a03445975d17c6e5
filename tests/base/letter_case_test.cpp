// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/letter_case.h"

#include <gtest/gtest.h>

namespace mobilenet {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* lower;
  const char* plain;
};
constexpr Case kCases[] = {
    {"nothing", "", "", ""},
    {"both cases", "aZAz09", "azaz09", "azaz09"},
    {"the neighbours of the letters", "@[`{", "@[`{", "@[`{"},
    {"blanks and marks", "Traffic light-Red_", "traffic light-red_", "trafficlightred"},
    {"letters beyond ASCII", "\xc3\x84 \xc3\xa4", "\xc3\x84 \xc3\xa4", "\xc3\x84\xc3\xa4"},
};

TEST(LetterCase, OfAsciiAlone) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(lower_case(std::string_view(c.text)), c.lower);
    EXPECT_EQ(plain_name(c.text), c.plain);
  }
}

}  // namespace
}  // namespace mobilenet
