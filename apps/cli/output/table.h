// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Columns of text for people, and numbers as people read them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet::cli {

enum class Align { left, right };

class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  // One cell per column; what is missing stays empty. Cells are made printable.
  void row(std::vector<std::string> cells);
  // Every row on its line after `indent` spaces, two spaces between columns, no trailing spaces.
  std::string text(int indent = 0) const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

std::string fixed(double value, int decimals);
std::string count_text(std::int64_t value);                   // "568.7 M", "4.22 M", "202"
std::string bytes_text(std::uint64_t bytes);                  // "5.1 MB"
std::string shape_text(std::span<const std::int64_t> shape);  // "1x112x112x32"
std::string join(std::span<const std::string> words, std::string_view separator);

}  // namespace mobilenet::cli
