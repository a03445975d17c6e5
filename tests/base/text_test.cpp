// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <locale>

#include "base/error.h"

namespace mobilenet {
namespace {

struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(Text, IsMadeOfParts) {
  EXPECT_EQ(text(), "");
  EXPECT_EQ(text("layer ", std::string("conv_3"), ": ", 12, 'x', std::int64_t{34}), "layer conv_3: 12x34");
  EXPECT_EQ(text(std::uint8_t{65}), "65") << "a byte is a number";
  EXPECT_EQ(text(0.5f, ' ', 1e-5, ' ', 224.0, ' ', 1.0f / 255), "0.5 1e-05 224 0.00392157");
  EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min(), ' ', std::numeric_limits<std::uint64_t>::max()),
            "-9223372036854775808 18446744073709551615");
}

TEST(Text, IsTheSameInEveryLocale) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  const std::string written = text(0.485, ' ', 1234567);
  const Error error = failure(ErrorCode::bad_format, "scale ", 1.5f);
  std::locale::global(before);
  EXPECT_EQ(written, "0.485 1234567");
  EXPECT_EQ(error.message, "scale 1.5");
}

}  // namespace
}  // namespace mobilenet
