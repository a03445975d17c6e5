// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "cli/output/output.h"
#include "cli/output/utf8.h"

namespace mobilenet::cli {

void Table::row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(int indent) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& cells : rows_) {
    for (std::size_t c = 0; c < cells.size(); ++c) widths[c] = std::max(widths[c], display_width(cells[c]));
  }
  std::string text;
  for (const auto& cells : rows_) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (c > 0) line += "  ";
      const std::string padding(widths[c] - display_width(cells[c]), ' ');
      line += columns_[c] == Align::right ? padding + cells[c] : cells[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string fixed(double value, int decimals) {
  std::array<char, 400> digits{};  // the largest double has 309 digits before the point
  std::snprintf(digits.data(), digits.size(), "%.*f", decimals, value);
  std::string text = digits.data();
  if (text.starts_with('-') && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);  // "-0"
  return text;
}

std::string count_text(std::int64_t value) {
  const auto number = static_cast<double>(value);
  if (value >= 1'000'000'000) return fixed(number / 1e9, 2) + " G";
  if (value >= 100'000'000) return fixed(number / 1e6, 1) + " M";
  if (value >= 1'000'000) return fixed(number / 1e6, 2) + " M";
  return std::to_string(value);
}

std::string bytes_text(std::uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes >= 1'000'000'000) return fixed(number / 1e9, 2) + " GB";
  if (bytes >= 1'000'000) return fixed(number / 1e6, 1) + " MB";
  if (bytes >= 1'000) return fixed(number / 1e3, 1) + " kB";
  return std::to_string(bytes) + " bytes";
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text;
  for (const std::int64_t size : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(size);
  }
  return text.empty() ? "scalar" : text;
}

std::string join(std::span<const std::string> words, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += separator;
    text += words[i];
  }
  return text;
}

}  // namespace mobilenet::cli
