// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "json/json_text.h"
#include "json/json_value.h"

namespace mobilenet::testing {
namespace {

TEST(Json, ValuesAreWhatTheTextSays) {
  const JsonValue all =
      parse_json(R"({"b": [1, -2, 1.5, "x\u00e9", true, null, {}, []], "a": {"z": 1, "y": 2}})").value();
  ASSERT_TRUE(all.is_object());
  EXPECT_EQ(all.size(), 2u);
  EXPECT_EQ(all.members()[0].key, "a") << "sorted by key";
  const JsonValue* list = all.find("b");
  ASSERT_TRUE(list && list->is_array());
  ASSERT_EQ(list->size(), 8u);
  EXPECT_TRUE((*list)[0].is_number_unsigned());
  EXPECT_EQ((*list)[0].get<int>(), 1);
  EXPECT_TRUE((*list)[1].is_number_integer() && !(*list)[1].is_number_unsigned());
  EXPECT_EQ((*list)[1].get<std::int64_t>(), -2);
  EXPECT_TRUE((*list)[2].is_number() && !(*list)[2].is_number_integer());
  EXPECT_EQ((*list)[2].get<double>(), 1.5);
  EXPECT_EQ((*list)[3].get<std::string>(), "x\xc3\xa9");
  EXPECT_TRUE((*list)[4].is_boolean() && (*list)[4].get<bool>());
  EXPECT_TRUE((*list)[5].is_null());
  EXPECT_TRUE((*list)[6].is_object() && (*list)[6].empty());
  EXPECT_TRUE((*list)[7].is_array() && (*list)[7].empty());
  EXPECT_EQ(all.find("c"), nullptr);
  EXPECT_EQ(list->find("a"), nullptr) << "a list has no members";
  EXPECT_EQ((*list)[3].get<double>(), 0) << "asked for what it is not";
  EXPECT_EQ((*list)[0].get<std::string>(), "");
}

struct RefusedText {
  const char* name;
  std::string text;
  const char* said;
};

TEST(Json, KeepsTheMembersThatAreAskedFor) {
  static constexpr std::string_view kMembers[] = {"a", "b"};
  struct Case {
    const char* name;
    const char* text;
    const char* kept;  // the members of the object, and what they are
  };
  constexpr Case kCases[] = {
      {"nothing", R"({"c": 1, "d": [1]})", ""},
      {"what stands around others", R"({"a": 1, "c": 2, "b": 3})", "a=1 b=3 "},
      {"what stands behind nested ones", R"({"c": {"a": [{"b": 1}, [], {}]}, "d": [], "e": {}, "b": 2})", "b=2 "},
      {"the same member twice, passed over", R"({"c": 1, "c": 2, "a": true})", "a=true "},
      {"in what is kept", R"({"a": [{"c": 1}, 2], "b": {"c": 1}})", "a=an array of 2 b=an object "},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto json = parse_json(c.text, {.members = kMembers});
    ASSERT_TRUE(json) << json.error().message;
    std::string kept;
    for (const auto& [key, value] : json->members()) kept += key + '=' + describe(value) + ' ';
    EXPECT_EQ(kept, c.kept);
    for (const auto& [key, value] : json->members())
      for (const JsonValue& element : value.elements()) EXPECT_TRUE(element.empty()) << key;
  }
  // What is passed over has no limits, but must be JSON.
  const std::string deep = "{\"c\": " + std::string(99, '[') + "1, 2" + std::string(99, ']') + "}";
  EXPECT_TRUE(parse_json(deep, {.depth = 1, .values = 1, .members = kMembers}));
  EXPECT_FALSE(parse_json(R"({"c": [1})", {.members = kMembers}));
}

TEST(Json, RefusesWhatIsNotPlain) {
  const RefusedText cases[] = {
      {"nothing", "", "is not valid JSON at byte 1"},
      {"no end", "[1, 2", "is not valid JSON at byte"},
      {"more after the end", "{} {}", "is not valid JSON at byte 4"},
      {"not UTF-8", "\"\xff\"", "is not valid JSON at byte 2"},
      {"a number beyond a double", "1e999", "is not valid JSON"},
      {"one member twice", R"({"a": 1, "b": {"c": 1, "c": 2}})", "has the JSON field \"c\" twice"},
      {"as deep as it may be", "[[[1]]]", nullptr},
      {"too deep", "[[[[1]]]]", "nested deeper than 3 levels"},
      {"as many as there may be", "[1,2,3,4,5]", nullptr},
      {"too many", "[1,2,3,4,5,6]", "has more than 6 values"},
      {"too long", "\"" + std::string(100, 'a') + "\"", "has 102 bytes of JSON, at most 60 are accepted"},
  };
  for (const RefusedText& c : cases) {
    const auto read = parse_json(c.text, {.bytes = 60, .depth = 3, .values = 6});
    EXPECT_EQ(read.has_value(), c.said == nullptr) << c.name;
    if (read || !c.said) continue;
    EXPECT_NE(read.error().message.find(c.said), std::string::npos) << c.name << ": " << read.error().message;
  }
}

TEST(Json, ValuesInMessagesAreShort) {
  EXPECT_EQ(describe(parse_json("{\"a\": 1}").value()), "an object");
  EXPECT_EQ(describe(parse_json("[1, 2]").value()), "an array of 2");
  EXPECT_EQ(describe(parse_json("-3").value()), "-3");
  EXPECT_EQ(describe(parse_json("0.25").value()), "0.25");
  EXPECT_EQ(describe(parse_json("null").value()), "null");
  EXPECT_EQ(describe(parse_json("true").value()), "true");
  EXPECT_EQ(describe("tab\tline\n\xc3\xa9"), "\"tab\\tline\\n\\u00e9\"");
  EXPECT_EQ(describe(std::string(100, 'a')).size(), 43u);
}

TEST(Json, TextIsPutTogetherFromItsParts) {
  JsonText object = JsonText::object({{"name", "a \"b\""}, {"count", 3}, {"share", 0.5}, {"whole", 2.0}, {"on", true}});
  EXPECT_EQ(object.text(), R"({"name":"a \"b\"","count":3,"share":0.5,"whole":2.0,"on":true})");
  JsonText list = JsonText::array({});
  EXPECT_EQ(list.text(), "[]");
  list.add(JsonText::object({}));
  list.add(-1);
  object.add("list", list);
  object.add("numbers", JsonText::array_of(std::vector<int>{1, 2}));
  EXPECT_EQ(object.text(),
            R"({"name":"a \"b\"","count":3,"share":0.5,"whole":2.0,"on":true,"list":[{},-1],"numbers":[1,2]})");
  EXPECT_EQ(JsonText(std::numeric_limits<double>::infinity()).text(), "null");
  EXPECT_EQ(JsonText("\xff").text(), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(JsonText(1e300).text(), "1e+300");
  EXPECT_TRUE(parse_json(object.text()));
  const JsonText nested = JsonText::object(
      {{"a", JsonText::array({1, "[,\\\""})}, {"b", JsonText::array({})}, {"c", JsonText::object({})}});
  EXPECT_EQ(nested.indented(), "{\n  \"a\": [\n    1,\n    \"[,\\\\\\\"\"\n  ],\n  \"b\": [],\n  \"c\": {}\n}");
}

}  // namespace
}  // namespace mobilenet::testing
