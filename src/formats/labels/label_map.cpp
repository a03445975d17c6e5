// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Label maps in protobuf's text form: TensorFlow's .pbtxt (id, name, display_name) and Caffe's .prototxt (label, name,
// display_name).

#include <algorithm>
#include <cctype>
#include <span>

#include "base/error.h"
#include "formats/labels/label_text.h"
#include "formats/labels/utf8_text.h"

namespace mobilenet {
namespace {

// Words, quoted texts and single marks, one after the other; comments and blanks are passed over.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) { next(); }

  enum class Kind { end, word, text, mark, broken };
  Kind kind() const { return kind_; }
  const std::string& value() const { return value_; }
  bool is(char mark) const { return kind_ == Kind::mark && value_[0] == mark; }

  void next() {
    skip_blanks();
    value_.clear();
    if (rest_.empty()) {
      kind_ = Kind::end;
    } else if (rest_[0] == '"' || rest_[0] == '\'') {
      read_text();
    } else if (is_word(rest_[0])) {
      kind_ = Kind::word;
      while (!rest_.empty() && is_word(rest_[0])) take();
    } else {
      kind_ = Kind::mark;
      take();
    }
  }

 private:
  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '+';
  }
  void take() {
    value_ += rest_[0];
    rest_.remove_prefix(1);
  }
  void skip_blanks() {
    while (!rest_.empty()) {
      if (rest_[0] == '#') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
        rest_.remove_prefix(1);
      } else {
        return;
      }
    }
  }
  // "303" behind a backslash is one byte, of letters that are not ASCII.
  bool take_octal() {
    const std::string_view digits = rest_.substr(0, 3);
    if (digits.size() < 3 || digits[0] > '3' || digits.find_first_not_of("01234567") != std::string_view::npos)
      return false;
    value_ += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    rest_.remove_prefix(3);
    return true;
  }
  void read_text() {
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    kind_ = Kind::text;
    while (!rest_.empty() && rest_[0] != quote) {
      if (rest_[0] == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
        if (take_octal()) continue;
        if (rest_[0] != '"' && rest_[0] != '\'' && rest_[0] != '\\') break;  // a line end and the like: no name has one
      }
      take();
    }
    if (rest_.empty() || rest_[0] != quote) {
      kind_ = Kind::broken;
      return;
    }
    rest_.remove_prefix(1);
  }

  std::string_view rest_;
  Kind kind_ = Kind::end;
  std::string value_;
};

// { ... } with everything inside.
bool skip_block(Tokens& tokens) {
  int depth = 0;
  do {
    if (tokens.is('{')) ++depth;
    if (tokens.is('}')) --depth;
    if (tokens.kind() == Tokens::Kind::end || tokens.kind() == Tokens::Kind::broken) return false;
    tokens.next();
  } while (depth > 0);
  return true;
}

struct Item {
  std::optional<std::size_t> number;
  std::string name, display_name;
};

// Behind "item": fields in braces.
std::optional<Item> read_item(Tokens& tokens) {
  Item item;
  if (tokens.is(':')) tokens.next();
  if (!tokens.is('{')) return std::nullopt;
  tokens.next();
  while (!tokens.is('}')) {
    if (tokens.kind() != Tokens::Kind::word) return std::nullopt;
    const std::string field = tokens.value();
    tokens.next();
    if (tokens.is(':')) tokens.next();
    if (tokens.is('{')) {
      if (!skip_block(tokens)) return std::nullopt;
    } else {
      if (tokens.kind() != Tokens::Kind::word && tokens.kind() != Tokens::Kind::text) return std::nullopt;
      if (field == "id" || field == "label") {
        item.number = whole_number(tokens.value());
        if (!item.number) return std::nullopt;
      }
      if (field == "name") item.name = tokens.value();
      if (field == "display_name") item.display_name = tokens.value();
      tokens.next();
    }
    if (tokens.is(',') || tokens.is(';')) tokens.next();
  }
  tokens.next();
  return item;
}

}  // namespace

std::optional<Result<LabelReading>> read_label_map(std::string_view text) {
  Tokens tokens(text);
  if (tokens.kind() != Tokens::Kind::word || tokens.value() != "item") return std::nullopt;
  Tokens ahead = tokens;
  ahead.next();
  if (ahead.is(':')) ahead.next();
  if (!ahead.is('{')) return std::nullopt;  // a class called item

  std::vector<NumberedLabel> names;
  while (tokens.kind() != Tokens::Kind::end) {
    const bool begins = tokens.kind() == Tokens::Kind::word && tokens.value() == "item";
    if (begins) tokens.next();
    auto item = begins ? read_item(tokens) : std::nullopt;
    if (!item) return failure(ErrorCode::bad_format, "is a label map whose item ", names.size() + 1, " cannot be read");
    std::string& name = item->display_name.empty() ? item->name : item->display_name;
    if (!item->number || name.empty())
      return failure(ErrorCode::bad_format, "is a label map whose item ", names.size() + 1, " has no ",
                     name.empty() ? "name" : "id");
    if (auto good = utf8_text(std::as_bytes(std::span(name))); !good)
      return at("the name of item " + std::to_string(names.size() + 1), std::move(good).error());
    names.emplace_back(*item->number, std::move(name));
  }
  auto labels = by_number(std::move(names));
  if (!labels)
    return failure(ErrorCode::bad_format, "is a label map that gives one id to two items, or leaves out most ids");
  return LabelReading{*std::move(labels), "names in a label map"};
}

}  // namespace mobilenet
