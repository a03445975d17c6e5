// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/usage_errors.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/table.h"
#include "cli/words.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// The command that was named, else the program itself.
const CLI::App& parsed_app(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : *verbs.front();
}

bool is_there(const std::string& word) {
  std::error_code ignored;
  return fs::exists(word, ignored);
}

bool has_ending(const std::string& word, std::span<const std::string_view> endings) {
  const std::string ending = lower_case(fs::path(word).extension().string());
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

// Both ways to write an option are compared without their dashes: "-top" may mean "--top".
std::string no_option(const CLI::App& app, const std::string& word) {
  if (is_there(word)) return word + " is taken for an option; write ./" + word + " for the file of that name";
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& known : option->get_lnames()) names.push_back(known);
  const auto nearest = nearest_word(name.substr(std::min(name.find_first_not_of('-'), name.size())), names);
  return "there is no option " + name + (nearest ? "; did you mean --" + *nearest + "?" : "");
}

}  // namespace

std::string no_command(const CLI::App& app, const std::string& word) {
  static constexpr std::array<std::string_view, 9> kPictures = {".jpg",  ".jpeg", ".png", ".webp", ".bmp",
                                                                ".heic", ".gif",  ".tif", ".avif"};
  static constexpr std::array<std::string_view, 2> kModels = {".tflite", ".safetensors"};
  const std::string sentence = "'" + word + "' is no command of mobilenet";
  if (has_ending(word, kModels)) return sentence + "; `mobilenet info " + word + "` shows a model";
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  if (const std::string hint = did_you_mean(word, names); !hint.empty() && !is_there(word)) return sentence + hint;
  if (is_there(word) || has_ending(word, kPictures))
    return sentence + "; `mobilenet classify " + word + "` says what a picture shows";
  return sentence + "; there are " + join(names, ", ");
}

std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = parsed_app(app);
  const std::vector<std::string> extras = app.remaining(true);
  // Words that nobody takes explain more than what is missing because of them.
  if (&verb == &app && !extras.empty() && !extras.front().starts_with('-')) return no_command(app, extras.front());
  const auto option = std::find_if(extras.begin(), extras.end(),
                                   [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); });
  if (option != extras.end()) return no_option(verb, *option);
  if (!extras.empty()) return "not expected here: " + join(extras, " ");

  const std::string what = error.what();
  if (what.starts_with("pictures is required"))
    return "no picture is named; name files, folders, or - for standard input";
  if (const std::size_t repeated = what.find(": At Most 1 required"); repeated != std::string::npos)
    return what.substr(0, repeated) + " is given twice";
  return what;
}

void refuse_empty_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_type_size() == 0) continue;
    option->check([](const std::string& value) { return value.empty() ? "its value is empty" : ""; });
  }
}

}  // namespace mobilenet::cli
