// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Class names in JSON: a list, a map from numbers to names or from names to numbers, or an object that holds one.

#include <array>

#include "base/error.h"
#include "formats/labels/label_text.h"
#include "json/json_value.h"

namespace mobilenet {
namespace {

// Where programs put the names: transformers, timm, Keras, Teachable Machine, YOLO, COCO.
constexpr std::array<std::string_view, 11> kPlaces{"id2label", "label_names",  "labels",     "class_names",
                                                   "names",    "classes",      "categories", "class_indices",
                                                   "label2id", "class_to_idx", "label_map"};

// A name as it stands, or with its synset in front: "tench", ["n01440764", "tench"]; {"name": "tench"}.
std::optional<std::string> name_in(const JsonValue& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array() && !value.empty()) {
    const JsonValue& last = value[value.size() - 1];
    return last.is_string() ? std::optional(last.get<std::string>()) : std::nullopt;
  }
  for (const char* key : {"display_name", "name", "label"})
    if (const JsonValue* at = value.find(key); at != nullptr && at->is_string()) return at->get<std::string>();
  return std::nullopt;
}

std::optional<std::size_t> number_in(const JsonValue& value) {
  if (value.is_number_unsigned()) return value.get<std::size_t>();
  if (value.is_string()) return whole_number(value.get<std::string>());
  for (const char* key : {"id", "index", "label"})
    if (const JsonValue* at = value.find(key); at != nullptr && at->is_number_unsigned()) return at->get<std::size_t>();
  return std::nullopt;
}

std::optional<std::vector<std::string>> names_in_list(const JsonValue& list) {
  std::vector<NumberedLabel> numbered;
  std::vector<std::string> names;
  for (const JsonValue& value : list) {
    auto name = name_in(value);
    if (!name) return std::nullopt;
    if (const auto number = value.is_object() ? number_in(value) : std::nullopt) numbered.emplace_back(*number, *name);
    names.push_back(*std::move(name));
  }
  return numbered.empty() || numbered.size() != names.size() ? names : by_number(std::move(numbered));
}

std::optional<std::vector<std::string>> names_in_map(const JsonValue& map) {
  std::vector<NumberedLabel> by_key, by_value;
  for (const auto& [key, value] : map.members()) {
    const auto number = whole_number(key);
    auto name = name_in(value);
    if (number && name) by_key.emplace_back(*number, *std::move(name));
    if (const auto stands = number_in(value)) by_value.emplace_back(*stands, key);
  }
  if (by_key.size() == map.size()) return by_number(std::move(by_key));
  if (by_value.size() == map.size()) return by_number(std::move(by_value));
  return std::nullopt;
}

std::optional<std::vector<std::string>> names_in_json(const JsonValue& value) {
  if (value.is_array()) return names_in_list(value);
  if (!value.is_object()) return std::nullopt;
  if (!value.empty())
    if (auto names = names_in_map(value)) return names;
  for (const std::string_view place : kPlaces) {
    const JsonValue* at = value.find(place);
    if (at == nullptr) continue;
    if (at->is_array())
      if (auto names = names_in_list(*at)) return names;
    if (at->is_object())
      if (auto names = names_in_map(*at)) return names;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Result<LabelReading>> read_json_labels(std::string_view text) {
  const std::string_view body = trimmed(text);
  const bool object = body.starts_with('{') && body.ends_with('}'),
             array = body.starts_with('[') && body.ends_with(']');
  if (!object && !array) return std::nullopt;
  const auto parsed = parse_json(body);
  if (!parsed) {
    // "[unknown]" and the like may be the first of many names.
    if (array && body.find('\n') != std::string_view::npos && body.find('"') == std::string_view::npos)
      return std::nullopt;
    return parsed.error();
  }
  auto names = names_in_json(*parsed);
  if (!names)
    return failure(ErrorCode::bad_format, "is JSON, but neither a list of names nor a map between names and numbers");
  return LabelReading{*std::move(names), "names in JSON"};
}

}  // namespace mobilenet
