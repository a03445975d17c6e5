// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// JSON as it is written: each value is its own text, and a larger one is put together from those of its parts. Strings
// become JSON by nlohmann/json; its own arrays and objects allocate while they are destroyed, see json_value.h.

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/text.h"

namespace mobilenet {

class JsonText {
 public:
  struct Field;

  JsonText(bool value) : text_(value ? "true" : "false") {}
  template <std::integral Number>
  JsonText(Number value) : text_(mobilenet::text(value)) {}
  JsonText(double value);  // the shortest text that reads back as the same number; null where it is not finite
  // Of anybody's bytes: what is not UTF-8 becomes a replacement character.
  JsonText(std::string_view value);
  JsonText(const std::string& value) : JsonText(std::string_view(value)) {}
  JsonText(const char* value) : JsonText(std::string_view(value)) {}

  // Fields keep their order.
  static JsonText object(std::initializer_list<Field> fields);
  static JsonText array(std::initializer_list<JsonText> elements);
  template <class Range>
  static JsonText array_of(const Range& range) {
    JsonText array = JsonText::array({});
    for (const auto& element : range) array.add(element);
    return array;
  }

  void add(std::string_view key, const JsonText& value);  // to an object
  void add(const JsonText& value);                        // to an array

  const std::string& text() const { return text_; }
  std::string indented() const;  // for people: one field or element a line, two blanks a level

 private:
  void insert(std::string_view item);  // before the closing bracket

  std::string text_;
};

struct JsonText::Field {
  std::string_view key;
  JsonText value;
};

// A string as JSON, in ASCII alone.
std::string quoted_ascii(std::string_view string);

}  // namespace mobilenet
