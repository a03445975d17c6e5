// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "json/json_value.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "json/json_text.h"

namespace mobilenet {
namespace {

bool by_key(const JsonMember& a, const JsonMember& b) { return a.key < b.key; }

// Builds a JsonValue from nlohmann/json's events; every event says whether to go on.
class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() { return add(JsonValue()); }
  bool boolean(bool value) { return add(JsonValue(value)); }
  bool number_integer(std::int64_t value) { return add(JsonValue(value)); }
  bool number_unsigned(std::uint64_t value) { return add(JsonValue(value)); }
  bool number_float(double value, const std::string&) { return add(JsonValue(value)); }
  bool string(std::string& value) { return add(JsonValue(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // not in text
  bool start_object(std::size_t) { return open(); }
  bool start_array(std::size_t) { return open(); }
  bool key(std::string& name) {
    if (passing_ > 0) return true;
    if (limits_.members.empty() || std::ranges::find(limits_.members, name) != limits_.members.end())
      open_.back().keys.push_back(std::move(name));
    else
      passing_ = 1;
    return true;
  }
  bool end_object() {
    if (passing_ > 0) return pass_end();
    Open closed = std::move(open_.back());
    open_.pop_back();
    JsonValue::Object members;
    members.reserve(closed.values.size());
    for (std::size_t i = 0; i < closed.values.size(); ++i)
      members.push_back({std::move(closed.keys[i]), std::move(closed.values[i])});
    std::sort(members.begin(), members.end(), by_key);
    const auto twice = std::adjacent_find(members.begin(), members.end(),
                                          [](const JsonMember& a, const JsonMember& b) { return a.key == b.key; });
    if (twice != members.end())
      return fail(failure(ErrorCode::bad_format, "has the JSON field ", describe(twice->key), " twice"));
    return put(JsonValue(std::move(members)));
  }
  bool end_array() {
    if (passing_ > 0) return pass_end();
    Open closed = std::move(open_.back());
    open_.pop_back();
    return put(JsonValue(std::move(closed.values)));
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    return fail(failure(ErrorCode::bad_format, "is not valid JSON at byte ", position));
  }

  Result<JsonValue> take() {
    if (error_) return *std::move(error_);
    return std::move(whole_);
  }

 private:
  // An array or object whose end has not been met.
  struct Open {
    std::vector<std::string> keys;  // of an object
    std::vector<JsonValue> values;
  };

  bool fail(Error error) {
    error_ = std::move(error);
    return false;
  }
  bool open() {
    if (passing_ > 0) {
      ++passing_;
      return true;
    }
    if (open_.size() == static_cast<std::size_t>(limits_.depth))
      return fail(failure(ErrorCode::bad_format, "has JSON nested deeper than ", limits_.depth, " levels"));
    if (!count()) return false;
    open_.emplace_back();
    return true;
  }
  bool count() {
    if (++values_ <= limits_.values) return true;
    return fail(failure(ErrorCode::bad_format, "has more than ", limits_.values, " values of JSON"));
  }
  bool add(JsonValue value) {
    if (passing_ == 0) return count() && put(std::move(value));
    if (passing_ == 1) passing_ = 0;
    return true;
  }
  bool pass_end() {
    if (--passing_ == 1) passing_ = 0;
    return true;
  }
  bool put(JsonValue value) {
    if (open_.empty())
      whole_ = std::move(value);
    else
      open_.back().values.push_back(std::move(value));
    return true;
  }

  const JsonLimits& limits_;
  std::vector<Open> open_;
  std::size_t passing_ =
      0;  // 1: the next value is passed over; more: so many less one of its arrays and objects are open
  std::size_t values_ = 0;
  JsonValue whole_;
  std::optional<Error> error_;
};

}  // namespace

JsonValue::JsonValue(Object value) {
  std::sort(value.begin(), value.end(), by_key);
  value_ = std::move(value);
}

std::span<const JsonValue> JsonValue::elements() const {
  const auto* array = std::get_if<Array>(&value_);
  return array ? std::span<const JsonValue>(*array) : std::span<const JsonValue>();
}

std::span<const JsonMember> JsonValue::members() const {
  const auto* object = std::get_if<Object>(&value_);
  return object ? std::span<const JsonMember>(*object) : std::span<const JsonMember>();
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto all = members();
  const auto found = std::lower_bound(all.begin(), all.end(), key, [](const JsonMember& member, std::string_view name) {
    return std::string_view(member.key) < name;
  });
  return found != all.end() && found->key == key ? &found->value : nullptr;
}

Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return failure(ErrorCode::bad_format, "has ", text.size(), " bytes of JSON, at most ", limits.bytes,
                   " are accepted");
  Builder builder(limits);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

std::string describe(const JsonValue& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return text("an array of ", value.size());
  if (value.is_string()) return describe(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_unsigned()) return text(value.get<std::uint64_t>());
  if (value.is_number_integer()) return text(value.get<std::int64_t>());
  if (value.is_number()) return JsonText(value.get<double>()).text();
  return "null";
}

std::string describe(std::string_view string) {
  constexpr std::size_t kMost = 40;
  std::string quoted = quoted_ascii(string);
  if (quoted.size() > kMost) quoted = quoted.substr(0, kMost) + "...";
  return quoted;
}

}  // namespace mobilenet
