// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/json_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <set>
#include <sstream>

#include "base/error.h"

namespace mobilenet {

using nlohmann::json;

Result<json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return failure(ErrorCode::bad_format, "has ", text.size(), " bytes of JSON, at most ", limits.bytes,
                   " are accepted");
  bool too_deep = false;
  std::string twice;
  std::vector<std::set<std::string>> keys;  // of the objects and arrays that are open
  const json::parser_callback_t watch = [&](int depth, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (depth >= limits.depth) too_deep = true;
        if (too_deep) return false;  // nothing below is kept
        keys.emplace_back();
        return true;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        if (!keys.empty()) keys.pop_back();
        return true;
      case json::parse_event_t::key:
        if (!keys.empty() && !keys.back().insert(parsed.get_ref<const std::string&>()).second)
          twice = parsed.get_ref<const std::string&>();
        return true;
      case json::parse_event_t::value:
        return true;
    }
    return true;
  };
  json value;
  try {
    value = json::parse(text, watch);
  } catch (const json::parse_error& error) {
    return failure(ErrorCode::bad_format, "is not valid JSON at byte ", error.byte);
  } catch (const json::exception&) {
    return failure(ErrorCode::bad_format, "is not valid JSON");
  }
  if (too_deep) return failure(ErrorCode::bad_format, "has JSON nested deeper than ", limits.depth, " levels");
  if (!twice.empty()) return failure(ErrorCode::bad_format, "has the JSON field ", describe(json(twice)), " twice");
  return value;
}

std::string describe(const json& value) {
  constexpr std::size_t kMost = 40;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array of " + std::to_string(value.size());
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  return text;
}

double shortest_decimal(float value) {
  std::array<char, 64> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double decimal = value;
  std::from_chars(text.data(), written.ptr, decimal);
  return decimal;
}

JsonFields::JsonFields(const json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object.is_object())
    mistake_ = failure(ErrorCode::bad_format, place_, ": is ", describe(object), ", expected an object");
}

const json* JsonFields::find(std::string_view key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool JsonFields::is_number(std::string_view key) const {
  const json* value = find(key);
  return value && value->is_number();
}

void JsonFields::remember(std::string_view key, const std::string& is, const std::string& expected) {
  if (!mistake_) mistake_ = failure(ErrorCode::bad_format, place_, ": ", key, " is ", is, ", expected ", expected);
}

Result<void> JsonFields::mistake() const {
  if (mistake_) return *mistake_;
  return {};
}

void JsonFields::adopt(Result<void> inner) {
  if (!mistake_ && !inner) mistake_ = std::move(inner).error();
}

const json* JsonFields::get(std::string_view key, bool required, bool (*accepted)(const json&),
                            const std::string& expected) {
  const json* value = find(key);
  if (!value) {
    if (required) remember(key, "missing", expected);
    return nullptr;
  }
  if (accepted(*value)) return value;
  remember(key, describe(*value), expected);
  return nullptr;
}

int JsonFields::integer(std::string_view key, int low, int high, std::optional<int> fallback) {
  const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  const json* value = get(
      key, !fallback, [](const json& field) { return field.is_number_integer(); }, expected);
  if (!value) return fallback.value_or(low);
  // Unsigned numbers past the signed range must not wrap into it.
  const bool fits = value->is_number_unsigned()
                        ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(std::max(high, 0))
                        : value->get<std::int64_t>() <= high;
  if (fits && value->get<std::int64_t>() >= low) return static_cast<int>(value->get<std::int64_t>());
  remember(key, describe(*value), expected);
  return fallback.value_or(low);
}

double JsonFields::number(std::string_view key, double low, double high, std::optional<double> fallback) {
  std::ostringstream expected;
  expected << "a number from " << low << " to " << high;
  const json* value = get(
      key, !fallback, [](const json& field) { return field.is_number(); }, expected.str());
  if (!value) return fallback.value_or(low);
  const double number = value->get<double>();
  if (number >= low && number <= high) return number;
  remember(key, describe(*value), expected.str());
  return fallback.value_or(low);
}

bool JsonFields::boolean(std::string_view key, std::optional<bool> fallback) {
  const json* value = get(
      key, !fallback, [](const json& field) { return field.is_boolean(); }, "true or false");
  return value ? value->get<bool>() : fallback.value_or(false);
}

std::string JsonFields::text(std::string_view key, const std::optional<std::string>& fallback) {
  const json* value = get(
      key, !fallback, [](const json& field) { return field.is_string(); }, "a string");
  return value ? value->get<std::string>() : fallback.value_or("");
}

std::vector<double> JsonFields::numbers(std::string_view key, std::size_t count, double low, double high,
                                        const std::vector<double>& fallback) {
  std::ostringstream expected;
  expected << count << " numbers from " << low << " to " << high;
  std::vector<double> result = fallback.empty() ? std::vector<double>(count, low) : fallback;
  const json* value = get(
      key, fallback.empty(), [](const json& field) { return field.is_array(); }, expected.str());
  if (!value) return result;
  bool fits = value->size() == count;
  for (std::size_t i = 0; fits && i < count; ++i) {
    const json& item = (*value)[i];
    fits = item.is_number() && item.get<double>() >= low && item.get<double>() <= high;
    if (fits) result[i] = item.get<double>();
  }
  if (!fits) remember(key, describe(*value), expected.str());
  return result;
}

const json* JsonFields::object(std::string_view key) {
  return get(
      key, false, [](const json& field) { return field.is_object(); }, "an object");
}

const json* JsonFields::array(std::string_view key) {
  return get(
      key, false, [](const json& field) { return field.is_array(); }, "an array");
}

}  // namespace mobilenet
