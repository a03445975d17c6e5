// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Class names in a table of comma-, semicolon- or tab-separated columns, whose first line says what they are.

#include <algorithm>
#include <array>

#include "base/letter_case.h"
#include "formats/labels/label_text.h"

namespace mobilenet {
namespace {

using Fields = std::vector<std::string>;

// Columns that may hold the names, the likeliest first, and those that may hold the numbers.
constexpr std::array<std::string_view, 12> kNames{"displayname", "label",    "name",   "classname",
                                                  "labelname",   "class",    "labels", "names",
                                                  "classes",     "category", "title",  "description"};
constexpr std::array<std::string_view, 13> kNumbers{"index",      "id",    "classid", "labelid", "classindex",
                                                    "labelindex", "idx",   "number",  "no",      "class",
                                                    "label",      "value", ""};

// Quoted fields may hold separators and doubled quotes.
Fields split(std::string_view line, char separator) {
  Fields fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[i++];
    } else if (line[i] == '"' && (quoted || trimmed(fields.back()).empty())) {
      quoted = !quoted;
    } else if (line[i] == separator && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  for (std::string& field : fields) field = std::string(trimmed(field));
  return fields;
}

enum class Column { names, numbers };

struct Table {
  Fields titles;
  std::vector<Fields> rows;  // as long as `titles`

  bool all_numbers(std::size_t column) const {
    return std::all_of(rows.begin(), rows.end(), [&](const Fields& row) { return whole_number(row[column]); });
  }
  // The first column with one of these titles that are all numbers, or are not.
  template <std::size_t kCount>
  std::optional<std::size_t> find(const std::array<std::string_view, kCount>& wanted, Column kind) const {
    for (const std::string_view title : wanted)
      for (std::size_t column = 0; column < titles.size(); ++column)
        if (titles[column] == title && all_numbers(column) == (kind == Column::numbers)) return column;
    return std::nullopt;
  }
};

std::optional<Table> read_table(const std::vector<std::string_view>& lines, char separator) {
  Table table;
  for (const std::string_view line : lines) {
    Fields fields = split(line, separator);
    if (table.titles.empty()) {
      if (fields.size() < 2) return std::nullopt;
      for (const std::string& field : fields) table.titles.push_back(plain_name(field));
    } else {
      if (fields.size() != table.titles.size()) return std::nullopt;
      table.rows.push_back(std::move(fields));
    }
  }
  return table.rows.empty() ? std::nullopt : std::optional(std::move(table));
}

template <std::size_t kCount>
bool among(const std::array<std::string_view, kCount>& titles, std::string_view title) {
  return std::find(titles.begin(), titles.end(), title) != titles.end();
}

}  // namespace

std::optional<LabelReading> read_label_table(const std::vector<std::string_view>& lines) {
  if (lines.size() < 2) return std::nullopt;
  for (const char separator : {'\t', ',', ';'}) {
    const auto table = read_table(lines, separator);
    if (!table) continue;
    const auto names = table->find(kNames, Column::names);
    if (!names) continue;
    const auto numbers = table->find(kNumbers, Column::numbers);
    LabelReading reading{{}, "rows under a header"};
    std::vector<NumberedLabel> numbered;
    for (const Fields& row : table->rows) {
      if (numbers) numbered.emplace_back(*whole_number(row[*numbers]), row[*names]);
      reading.labels.push_back(row[*names]);
    }
    if (!numbers) return reading;
    auto labels = by_number(std::move(numbered));
    if (!labels) continue;
    reading.labels = *std::move(labels);
    return reading;
  }
  return std::nullopt;
}

bool is_column_title(std::string_view line) { return among(kNames, plain_name(line)); }

}  // namespace mobilenet
