// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How a convention's names are taken apart: prefixes, numbers, and small tables of what a word is called here.

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mobilenet {

// One row: what a source calls something, and what it is called here.
struct Rename {
  std::string_view source;
  std::string_view canonical;
};

// Of a PyTorch layer with weights.
inline constexpr std::array<Rename, 2> kWeightParts{{{"weight", ".weight"}, {"bias", ".bias"}}};

inline std::optional<std::string_view> renamed(std::span<const Rename> table, std::string_view source) {
  for (const Rename& row : table)
    if (row.source == source) return row.canonical;
  return std::nullopt;
}

// Removes `prefix` when the text begins with it.
inline bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Removes "12." and returns 12; -1 when there is no such number below `limit`.
inline int take_number(std::string_view& text, int limit) {
  int number = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (code != std::errc() || number < 0 || number >= limit || digits == text.size() || *end != '.') return -1;
  text.remove_prefix(digits + 1);
  return number;
}

// canonical layer + canonical part, when the part is known.
inline std::optional<std::string> joined(const std::string& layer, std::optional<std::string_view> part) {
  if (!part) return std::nullopt;
  return layer + std::string(*part);
}

}  // namespace mobilenet
