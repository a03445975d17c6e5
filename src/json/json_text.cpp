// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "json/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace mobilenet {
namespace {

std::string quoted(std::string_view string, bool ascii) {
  return nlohmann::json(string).dump(-1, ' ', ascii, nlohmann::json::error_handler_t::replace);
}

}  // namespace

JsonText::JsonText(double value) : text_("null") {
  if (!std::isfinite(value)) return;
  std::array<char, 32> digits;
  text_.assign(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  // A number with a fraction stays one: readers may tell 1.0 from 1.
  if (text_.find_first_of(".e") == std::string::npos) text_ += ".0";
}

JsonText::JsonText(std::string_view value) : text_(quoted(value, false)) {}

JsonText JsonText::object(std::initializer_list<Field> fields) {
  JsonText object(false);
  object.text_ = "{}";
  for (const Field& field : fields) object.add(field.key, field.value);
  return object;
}

JsonText JsonText::array(std::initializer_list<JsonText> elements) {
  JsonText array(false);
  array.text_ = "[]";
  for (const JsonText& element : elements) array.add(element);
  return array;
}

void JsonText::add(std::string_view key, const JsonText& value) { insert(quoted(key, false) + ':' + value.text_); }

void JsonText::add(const JsonText& value) { insert(value.text_); }

void JsonText::insert(std::string_view item) {
  const char end = text_.back();
  text_.pop_back();
  if (text_.size() > 1) text_ += ',';
  text_ += item;
  text_ += end;
}

std::string JsonText::indented() const {
  std::string lines;
  std::size_t level = 0;
  const auto break_line = [&] { lines.append(1, '\n').append(2 * level, ' '); };
  bool inside = false;  // a string
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (inside || c == '"') {
      if (c == '"') inside = !inside;
      lines += c;
      if (inside && c == '\\') lines += text_[++i];
    } else if (closes) {
      --level;
      if (text_[i - 1] != '{' && text_[i - 1] != '[') break_line();
      lines += c;
    } else {
      lines += c;
      if (c == ':') lines += ' ';
      if (opens) ++level;
      if (c == ',' || (opens && text_[i + 1] != '}' && text_[i + 1] != ']')) break_line();
    }
  }
  return lines;
}

std::string quoted_ascii(std::string_view string) { return quoted(string, true); }

}  // namespace mobilenet
