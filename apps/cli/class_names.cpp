// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/class_names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "cli/words.h"

namespace mobilenet::cli {
namespace {

std::string trimmed(std::string_view word) {
  const std::size_t begin = std::min(word.find_first_not_of(' '), word.size());
  return std::string(word.substr(begin, word.find_last_not_of(' ') + 1 - begin));
}

std::optional<int> number_of(const std::string& word) {
  int number = 0;
  const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || rest != word.data() + word.size()) return std::nullopt;
  return number;
}

Error no_class(const std::string& word, const ModelInfo& info) {
  std::string hint = did_you_mean(word, info.labels);
  if (hint.empty()) {
    hint = "; it has " + std::to_string(info.classes) + " classes, from 0" +
           (info.labels.empty() ? ", without names" : ", and `mobilenet info --json` lists their labels");
  }
  return Error{ErrorCode::invalid_argument, info.source + " has no class '" + word + "'" + hint};
}

}  // namespace

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(trimmed(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return words;
}

Result<std::vector<int>> classes_named(std::span<const std::string> words, const ModelInfo& info) {
  std::vector<int> wanted;
  for (const std::string& word : words) {
    // The very same label first: a model may tell "Cat" from "cat".
    auto label = std::find(info.labels.begin(), info.labels.end(), word);
    if (label == info.labels.end()) {
      label = std::find_if(info.labels.begin(), info.labels.end(),
                           [&word](const std::string& candidate) { return lower_case(candidate) == lower_case(word); });
    }
    const auto number = number_of(word);
    if (label != info.labels.end()) {
      wanted.push_back(static_cast<int>(label - info.labels.begin()));
    } else if (number && *number >= 0 && *number < info.classes) {
      wanted.push_back(*number);
    } else {
      return no_class(word, info);
    }
  }
  return wanted;
}

}  // namespace mobilenet::cli
