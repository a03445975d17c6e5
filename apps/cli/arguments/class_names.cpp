// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/class_names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "cli/arguments/cli11.h"
#include "cli/output/words.h"

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
    const int first = info.has_background ? -1 : 0;
    if (label != info.labels.end()) {
      wanted.push_back(static_cast<int>(label - info.labels.begin()) + first);
    } else if (number && *number >= first && *number < info.classes + first) {
      wanted.push_back(*number);
    } else {
      return no_class(word, info);
    }
  }
  return wanted;
}

void add_class_options(CLI::App& app, ClassArguments& arguments) {
  const auto add = [&app](const std::string& name, std::vector<std::string>& words, const std::string& description) {
    add_value(
        app, name,
        [&words](const std::string& text) {
          words = split_list(text);
          const bool gap = std::find(words.begin(), words.end(), "") != words.end();
          return gap ? "'" + text + "' is not a list like person,dog" : std::string();
        },
        description, "LIST");
  };
  add("--classes", arguments.only, "Only these, by name or index: person,dog");
  add("--exclude", arguments.without, "All but these, by name or index");
}

Result<void> choose_classes(const ClassArguments& arguments, const ModelInfo& info, SessionOptions& options) {
  auto only = classes_named(arguments.only, info);
  if (!only) return only.error();
  auto without = classes_named(arguments.without, info);
  if (!without) return without.error();
  options.classes = *std::move(only);
  options.excluded_classes = *std::move(without);
  return {};
}

}  // namespace mobilenet::cli
