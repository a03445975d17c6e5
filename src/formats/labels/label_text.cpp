// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/labels/label_text.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/background_label.h"
#include "base/letter_case.h"

namespace mobilenet {
namespace {

using Lines = std::vector<std::string_view>;

// Trimmed; without the empty ones at the end.
Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

Lines without_empty(const Lines& lines) {
  Lines kept;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(kept),
               [](std::string_view line) { return !line.empty(); });
  return kept;
}

// "12  person", "12: person", "12,person", "12. person", "12 - person": the number is set off from the name. "0.5 mile"
// and "2-4 years" are names.
std::optional<NumberedLabel> split_number(std::string_view line) {
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  const auto number = whole_number(line.substr(0, digits));
  std::string_view rest = line.substr(digits);
  if (!number || rest.empty()) return std::nullopt;
  constexpr std::string_view kBlank = " \t", kMark = ":,;=|)", kMarkBeforeBlank = ".-";
  const std::string_view after = trimmed(rest);
  if (kMark.find(rest[0]) != std::string_view::npos) {
    rest.remove_prefix(1);
  } else if (after.size() > 1 && kMarkBeforeBlank.find(after[0]) != std::string_view::npos &&
             kBlank.find(after[1]) != std::string_view::npos) {
    rest = after.substr(1);
  } else if (kBlank.find(rest[0]) != std::string_view::npos) {
    if (after.size() > 1 && kMark.find(after[0]) != std::string_view::npos) rest = after.substr(1);
  } else {
    return std::nullopt;
  }
  const std::string_view name = trimmed(rest);
  return name.empty() ? std::nullopt : std::optional<NumberedLabel>({*number, std::string(name)});
}

// "person,12"
std::optional<NumberedLabel> split_number_behind(std::string_view line) {
  const std::size_t mark = line.find_last_of(",;\t");
  if (mark == std::string_view::npos) return std::nullopt;
  const auto number = whole_number(trimmed(line.substr(mark + 1)));
  const std::string_view name = trimmed(line.substr(0, mark));
  return number && !name.empty() ? std::optional<NumberedLabel>({*number, std::string(name)}) : std::nullopt;
}

// What stays of a name when "cat" and "cats" are the same.
std::string singular(std::string_view name) {
  return lower_case(name.ends_with('s') ? name.substr(0, name.size() - 1) : name);
}

// Whether the names say nothing without their numbers: "0 fingers, 1 finger, 2 fingers", or "1 10, 2 20".
bool need_their_numbers(const std::vector<NumberedLabel>& names) {
  std::set<std::string> different;
  std::size_t counted = 0, numbers = 0;
  for (const auto& [number, name] : names) {
    if (name == kUnknownLabel || name == "n/a" || name == "N/A") continue;
    ++counted;
    numbers += whole_number(name) ? 1 : 0;
    different.insert(singular(name));
  }
  // ImageNet's thousand have two names that come twice.
  constexpr std::size_t kOneOf = 10;
  return counted == 0 || numbers == counted || (counted - different.size()) * kOneOf >= counted;
}

// The lines with their numbers taken off, each name where its number says; none when a line has no number. Numbers that
// do not grow from line to line may belong to the names ("3 idiots"), unless none is missing.
std::optional<LabelReading> numbered(const Lines& lines, std::optional<NumberedLabel> (*split)(std::string_view)) {
  std::vector<NumberedLabel> names;
  for (const std::string_view line : lines) {
    auto name = split(line);
    if (!name) return std::nullopt;
    names.push_back(*std::move(name));
  }
  if (names.empty() || need_their_numbers(names)) return std::nullopt;
  const auto [least, most] = std::ranges::minmax_element(names, {}, &NumberedLabel::first);
  if (least->first > 1) return std::nullopt;
  const bool grow = std::ranges::is_sorted(names, {}, &NumberedLabel::first);
  if (!grow && most->first - least->first != names.size() - 1) return std::nullopt;
  auto labels = by_number(std::move(names));
  if (!labels) return std::nullopt;
  return LabelReading{*std::move(labels), "numbered lines"};
}

LabelReading verbatim(const Lines& lines, const char* form) { return {{lines.begin(), lines.end()}, form}; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  const std::size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::vector<std::string>> by_number(std::vector<NumberedLabel> names) {
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (names.empty()) return std::nullopt;
  const std::size_t first = names.front().first == 0 ? 0 : 1;
  // COCO's gaps are a tenth of its numbers.
  const std::size_t most = 2 * names.size() + 100;
  std::vector<std::string> labels;
  for (auto& [number, name] : names) {
    if (number - first < labels.size() || number > most) return std::nullopt;
    labels.resize(number - first, std::string(kUnknownLabel));
    labels.push_back(std::move(name));
  }
  return labels;
}

Result<std::vector<LabelReading>> read_labels(std::string_view text) {
  for (auto* read : {&read_json_labels, &read_label_map})
    if (auto structured = (*read)(text)) {
      if (!*structured) return std::move(*structured).error();
      return std::vector<LabelReading>{**std::move(structured)};
    }
  std::vector<LabelReading> readings;
  const Lines lines = lines_of(text), filled = without_empty(lines);
  if (auto table = read_label_table(filled)) readings.push_back(*std::move(table));
  if (auto plain = numbered(filled, split_number)) readings.push_back(*std::move(plain));
  if (auto behind = numbered(filled, split_number_behind)) readings.push_back(*std::move(behind));
  readings.push_back(verbatim(lines, "lines"));
  if (filled.size() != lines.size()) readings.push_back(verbatim(filled, "lines that are not empty"));
  if (filled.size() > 1 && is_column_title(filled.front()))
    readings.push_back(verbatim({filled.begin() + 1, filled.end()}, "lines under a title"));
  return readings;
}

}  // namespace mobilenet
