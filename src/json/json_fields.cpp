// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "json/json_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/error.h"

namespace mobilenet {

double shortest_decimal(float value) {
  std::array<char, 64> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double decimal = value;
  std::from_chars(text.data(), written.ptr, decimal);
  return decimal;
}

JsonFields::JsonFields(const JsonValue& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object.is_object())
    mistake_ = failure(ErrorCode::bad_format, place_, ": is ", describe(object), ", expected an object");
}

const JsonValue* JsonFields::find(std::string_view key) const {
  const JsonValue* found = object_.find(key);
  return !found || found->is_null() ? nullptr : found;
}

bool JsonFields::is_number(std::string_view key) const {
  const JsonValue* value = find(key);
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

const JsonValue* JsonFields::get(std::string_view key, bool required, bool (*accepted)(const JsonValue&),
                                 const std::string& expected) {
  const JsonValue* value = find(key);
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
  const JsonValue* value = get(
      key, !fallback, [](const JsonValue& field) { return field.is_number_integer(); }, expected);
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
  const std::string expected = mobilenet::text("a number from ", low, " to ", high);
  const JsonValue* value = get(
      key, !fallback, [](const JsonValue& field) { return field.is_number(); }, expected);
  if (!value) return fallback.value_or(low);
  const double number = value->get<double>();
  if (number >= low && number <= high) return number;
  remember(key, describe(*value), expected);
  return fallback.value_or(low);
}

bool JsonFields::boolean(std::string_view key, std::optional<bool> fallback) {
  const JsonValue* value = get(
      key, !fallback, [](const JsonValue& field) { return field.is_boolean(); }, "true or false");
  return value ? value->get<bool>() : fallback.value_or(false);
}

std::string JsonFields::text(std::string_view key, const std::optional<std::string>& fallback) {
  const JsonValue* value = get(
      key, !fallback, [](const JsonValue& field) { return field.is_string(); }, "a string");
  return value ? value->get<std::string>() : fallback.value_or("");
}

std::vector<double> JsonFields::numbers(std::string_view key, std::size_t count, double low, double high,
                                        const std::vector<double>& fallback) {
  const std::string expected = mobilenet::text(count, " numbers from ", low, " to ", high);
  std::vector<double> result = fallback.empty() ? std::vector<double>(count, low) : fallback;
  const JsonValue* value = get(
      key, fallback.empty(), [](const JsonValue& field) { return field.is_array(); }, expected);
  if (!value) return result;
  bool fits = value->size() == count;
  for (std::size_t i = 0; fits && i < count; ++i) {
    const JsonValue& item = (*value)[i];
    fits = item.is_number() && item.get<double>() >= low && item.get<double>() <= high;
    if (fits) result[i] = item.get<double>();
  }
  if (!fits) remember(key, describe(*value), expected);
  return result;
}

const JsonValue* JsonFields::object(std::string_view key) {
  return get(
      key, false, [](const JsonValue& field) { return field.is_object(); }, "an object");
}

const JsonValue* JsonFields::array(std::string_view key) {
  return get(
      key, false, [](const JsonValue& field) { return field.is_array(); }, "an array");
}

}  // namespace mobilenet
