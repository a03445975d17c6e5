// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Reading an object's fields with their type and range checked.

#include <mobilenet/result.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_value.h"

namespace mobilenet {

// The shortest decimal that reads back as the same float: 0.485, not 0.48500001430511475.
double shortest_decimal(float value);

// The name of a value in a table of names, which holds it.
template <class T, std::size_t kCount>
std::string_view name_in(const std::array<std::pair<std::string_view, T>, kCount>& names, T value) {
  for (const auto& [name, candidate] : names)
    if (candidate == value) return name;
  return names.front().first;
}

// The fields of one object. The first mistake is remembered, later calls return their fallback (or a zero), and
// mistake() reports it: check it before the values are used.
class JsonFields {
 public:
  // `place` stands in front of every message: "config.json".
  JsonFields(const JsonValue& object, std::string place);

  // Present and not null.
  bool has(std::string_view key) const { return find(key) != nullptr; }

  bool is_number(std::string_view key) const;

  // Without a fallback the field must be there.
  int integer(std::string_view key, int low, int high, std::optional<int> fallback = {});
  double number(std::string_view key, double low, double high, std::optional<double> fallback = {});
  bool boolean(std::string_view key, std::optional<bool> fallback = {});
  std::string text(std::string_view key, const std::optional<std::string>& fallback = {});
  // Exactly `count` numbers, all within the range.
  std::vector<double> numbers(std::string_view key, std::size_t count, double low, double high,
                              const std::vector<double>& fallback = {});
  // Null when it is absent; a mistake when it is something else.
  const JsonValue* object(std::string_view key);
  const JsonValue* array(std::string_view key);

  // One of a table of names.
  template <class T, std::size_t kCount>
  T choice(std::string_view key, const std::array<std::pair<std::string_view, T>, kCount>& names) {
    return choice(key, std::span<const std::pair<std::string_view, T>>(names));
  }
  template <class T>
  T choice(std::string_view key, std::span<const std::pair<std::string_view, T>> names) {
    const std::string name = text(key);
    std::string known;
    for (const auto& [candidate, value] : names) {
      if (candidate == name) return value;
      known += (known.empty() ? "" : ", ") + std::string(candidate);
    }
    remember(key, describe(name), "one of " + known);
    return names.front().second;
  }

  // Notes a mistake unless there is one already: "config.json: image_size is -1, expected ...".
  void remember(std::string_view key, const std::string& is, const std::string& expected);
  Result<void> mistake() const;
  // Takes over the mistake of a field's own fields.
  void adopt(Result<void> inner);

 private:
  const JsonValue* find(std::string_view key) const;
  // The field when `accepted`; else null, after noting the mistake of a wrong or (where it is required) missing field.
  const JsonValue* get(std::string_view key, bool required, bool (*accepted)(const JsonValue&),
                       const std::string& expected);

  const JsonValue& object_;
  std::string place_;
  std::optional<Error> mistake_;
};

}  // namespace mobilenet
