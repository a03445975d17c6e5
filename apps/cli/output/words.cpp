// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/words.h"

#include <algorithm>
#include <vector>

namespace mobilenet::cli {
namespace {

// How many letters must be put in, left out, changed or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  // [i][j]: of the first i letters of a and the first j of b.
  std::vector<std::vector<std::size_t>> costs(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) costs[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) costs[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      costs[i][j] = std::min({costs[i - 1][j] + 1, costs[i][j - 1] + 1, costs[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        costs[i][j] = std::min(costs[i][j], costs[i - 2][j - 2] + 1);
    }
  }
  return costs[a.size()][b.size()];
}

constexpr std::size_t kLongestWord = 100;  // what is longer is no slip of the finger

}  // namespace

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string lower_case(std::string_view text) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  const std::string wanted = lower_case(word);
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;  // one slip for each three letters
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongestWord) continue;
    const std::size_t cost = distance(wanted, lower_case(candidate));
    if (cost >= least || cost >= candidate.size()) continue;
    least = cost;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto nearest = nearest_word(word, candidates);
  return nearest ? "; did you mean " + *nearest + "?" : "";
}

std::string wrapped(std::string_view text, std::size_t width) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t line_end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, line_end);
    const std::string_view rest = text.substr(std::min(line_end + 1, text.size()));
    if (line.starts_with(' ')) {
      result += line;
    } else {
      for (std::size_t begin = 0; begin < line.size();) {
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        const std::string_view word = line.substr(begin, end - begin);
        const bool fits = column + (column > 0 ? 1 : 0) + word.size() <= width;
        if (column > 0) result += fits ? ' ' : '\n';
        column = (fits && column > 0 ? column + 1 : 0) + word.size();
        result += word;
        begin = end + 1;
      }
    }
    // A paragraph goes on in the next line unless that is empty or stands for itself.
    const bool joined = !line.empty() && !line.starts_with(' ') && !rest.empty() && rest.front() != '\n' &&
                        rest.front() != ' ' && line_end < text.size();
    if (!joined) {
      if (line_end < text.size()) result += '\n';
      column = 0;
    }
    text = rest;
  }
  return result;
}

}  // namespace mobilenet::cli
