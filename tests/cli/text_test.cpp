// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What people see: tables, numbers, progress, and text of unknown origin on a terminal.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/utf8.h"
#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

TEST(Utf8, OneCodePointAtATime) {
  struct Case {
    const char* name;
    std::string_view text;
    char32_t code_point;
    std::size_t bytes;
    bool valid;
  };
  const Case cases[] = {
      {"ASCII", "a", U'a', 1, true},
      {"two bytes", "\xc3\xa9", 0xe9, 2, true},
      {"three bytes", "\xe2\x82\xac", 0x20ac, 3, true},
      {"four bytes", "\xf0\x9f\x90\xb1", 0x1f431, 4, true},
      {"continuation alone", "\x80", 0x80, 1, false},
      {"cut", "\xe2\x82", 0xe2, 1, false},
      {"overlong slash", "\xc0\xaf", 0xc0, 1, false},
      {"surrogate", "\xed\xa0\x80", 0xed, 1, false},
      {"beyond Unicode", "\xf4\x90\x80\x80", 0xf4, 1, false},
      {"lead without continuation", "\xc3z", 0xc3, 1, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Utf8 found = first_code_point(c.text);
    EXPECT_EQ(found.code_point, c.code_point);
    EXPECT_EQ(found.bytes, c.bytes);
    EXPECT_EQ(found.valid, c.valid);
  }
}

TEST(Printable, NothingReachesTheTerminalButText) {
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(printable("a\nb\r\x7f"), "a?b??");
  EXPECT_EQ(printable("\xc2\x9b"), "?");  // an 8-bit control sequence introducer
  EXPECT_EQ(printable("\xff"), "?");
}

TEST(Table, AlignsColumnsByCharacters) {
  Table table({Align::right, Align::left, Align::right});
  table.row({"0.82", "caf\xc3\xa9", "[1]"});
  table.row({"12.5", "espresso machine", "[22]"});
  table.row({"x"});
  EXPECT_EQ(table.text(2),
            "  0.82  caf\xc3\xa9               [1]\n"
            "  12.5  espresso machine  [22]\n"
            "     x\n");
}

TEST(Numbers, AsPeopleReadThem) {
  EXPECT_EQ(fixed(0.824, 2), "0.82");
  EXPECT_EQ(fixed(1e308, 0).size(), 309u);
  EXPECT_EQ(count_text(202), "202");
  EXPECT_EQ(count_text(3'487'817), "3.49 M");
  EXPECT_EQ(count_text(568'740'352), "568.7 M");
  EXPECT_EQ(count_text(2'750'000'000), "2.75 G");
  EXPECT_EQ(bytes_text(5'100'000), "5.1 MB");
  EXPECT_EQ(bytes_text(12), "12 bytes");
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{1, 3, 224, 224}), "1x3x224x224");
  EXPECT_EQ(shape_text({}), "scalar");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b", "c"}, ", "), "a, b, c");
}

TEST(Numbers, AsProgramsReadThem) {
  EXPECT_EQ(json_line({{"score", shortest(0.82f)}}), "{\"score\":0.82}\n");
  EXPECT_EQ(shortest(0.1f), 0.1);
  EXPECT_EQ(json_line({{"score", shortest(std::nanf(""))}}), "{\"score\":null}\n");
  EXPECT_EQ(milliseconds(1.23456), 1.235);
  EXPECT_EQ(json_line({{"b", "\xff"}, {"a", 1}}), "{\"b\":\"\xef\xbf\xbd\",\"a\":1}\n");
}

TEST(Numbers, ZeroHasNoSign) {
  EXPECT_EQ(fixed(-0.4, 0), "0");
  EXPECT_EQ(fixed(-0.04, 1), "0.0");
  EXPECT_EQ(fixed(-0.5001, 0), "-1");
  EXPECT_EQ(fixed(-10, 0), "-10");
}

TEST(Words, OneAndMany) {
  EXPECT_EQ(counted(0, "picture"), "0 pictures");
  EXPECT_EQ(counted(1, "picture"), "1 picture");
  EXPECT_EQ(counted(2, "picture"), "2 pictures");
}

TEST(Words, TheOneThatWasMeant) {
  const std::vector<std::string> names = {"classify", "detect", "segment", "cat", "Traffic Light", "top", ""};
  struct Case {
    const char* word;
    const char* meant;  // null: nothing is near
  };
  for (const auto& [word, meant] : {Case{"clasify", "classify"}, Case{"classfiy", "classify"}, Case{"Detect", "detect"},
                                    Case{"cats", "cat"}, Case{"tpo", "top"}, Case{"traffic light", "Traffic Light"},
                                    Case{"unicorn", nullptr}, Case{"x", nullptr}, Case{"", nullptr}}) {
    EXPECT_EQ(nearest_word(word, names), meant ? std::optional<std::string>(meant) : std::nullopt) << word;
  }
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'a'), names), std::nullopt);
  EXPECT_EQ(did_you_mean("segmnt", names), "; did you mean segment?");
  EXPECT_EQ(did_you_mean("unicorn", names), "");
}

TEST(Words, ParagraphsAreWrappedAndExamplesAreNot) {
  EXPECT_EQ(wrapped("one two three four", 9), "one two\nthree\nfour");
  EXPECT_EQ(wrapped("one\ntwo three", 9), "one two\nthree");
  EXPECT_EQ(wrapped("a paragraph\n\n  an example that stays\n", 8), "a\nparagraph\n\n  an example that stays\n");
  EXPECT_EQ(wrapped("Examples:\n  a b c\n  d e f", 5), "Examples:\n  a b c\n  d e f");
  EXPECT_EQ(wrapped("", 5), "");
  EXPECT_EQ(wrapped("a word/that-is/longer b", 6), "a\nword/that-is/longer\nb");
}

TEST(Progress, FitsIntoNarrowTerminals) {
  for (std::size_t columns = 1; columns < 60; ++columns)
    EXPECT_LE(progress_text(105, 250, 10, columns).size(), columns);
  EXPECT_EQ(progress_text(105, 250, 10, 29), " 42 %  105/250");
}

TEST(Progress, SaysRateAndTimeLeft) {
  EXPECT_EQ(progress_text(105, 250, 10), " 42 %  105/250  10.5 pictures/s  0:14 left");
  EXPECT_EQ(progress_text(1, 100'000, 1), "  0 %  1/100000  1.0 pictures/s  27:46:39 left");
  EXPECT_EQ(progress_text(0, 250, 1), "  0 %  0/250");
  EXPECT_EQ(progress_text(5, 5, 2), "100 %  5/5  2.5 pictures/s  0:00 left");
  EXPECT_EQ(progress_text(1, 1'000'000'000, 100), "  0 %  1/1000000000  0.0 pictures/s");
  EXPECT_EQ(progress_text(1'500'000, 3'600'000, 1, 80, kByte), " 41 %  1.5 MB/3.6 MB  1.5 MB/s  0:02 left");
  EXPECT_EQ(progress_text(1'500'000, 0, 1, 80, kByte), "1.5 MB  1.5 MB/s");
}

}  // namespace
}  // namespace mobilenet::cli
