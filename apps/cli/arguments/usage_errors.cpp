// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/usage_errors.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/arguments/model_path.h"
#include "cli/arguments/picture_sources.h"
#include "cli/output/table.h"
#include "cli/output/words.h"

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

std::string ending_of(const std::string& word) { return lower_case(fs::path(word).extension().string()); }

std::vector<const CLI::App*> commands_of(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App*) { return true; });
}

// Without its dashes: "-json" may mean "--json".
std::string bare_name(const std::string& written) {
  return written.substr(std::min(written.find_first_not_of('-'), written.size()));
}

// As it is written, with its dashes.
bool has_option(const CLI::App& app, const std::string& written) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(),
                     [&written](const CLI::Option* option) { return option->check_name(written); });
}

std::string no_option(const CLI::App& program, const CLI::App& command, const std::string& word) {
  if (is_there(word)) return word + " is taken for an option; write ./" + word + " for the file of that name";
  const std::string written = word.substr(0, word.find('='));
  if (&command != &program && has_option(command, written))
    return written + " belongs behind the command: mobilenet " + command.get_name() + ' ' + written;
  std::vector<std::string> names, elsewhere;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& known : option->get_lnames()) names.push_back(known);
  for (const CLI::App* other : commands_of(program))
    if (has_option(*other, written)) elsewhere.push_back(other->get_name());
  const std::string sentence = "there is no option " + written;
  if (!elsewhere.empty()) {
    return sentence + (&command == &program ? " before the command" : " of " + command.get_name()) + "; " +
           join(elsewhere, ", ") + (elsewhere.size() == 1 ? " has it" : " have it");
  }
  const auto nearest = nearest_word(bare_name(written), names);
  return sentence + (nearest ? "; did you mean --" + *nearest + "?" : "");
}

}  // namespace

std::string no_command(const CLI::App& app, const std::string& word) {
  const std::string sentence = "'" + word + "' is no command of mobilenet";
  if (is_model_ending(ending_of(word))) return sentence + "; `mobilenet info " + word + "` shows a model";
  std::vector<std::string> names;
  for (const CLI::App* verb : commands_of(app)) names.push_back(verb->get_name());
  if (const std::string hint = did_you_mean(word, names); !hint.empty() && !is_there(word)) return sentence + hint;
  if (is_there(word) || has_picture_extension(word))
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
  if (option != extras.end()) return no_option(app, verb, *option);
  if (!extras.empty()) return "not expected here: " + join(extras, " ");

  std::string what = error.what();
  if (what.starts_with("pictures is required"))
    return "no picture is named; name files, folders, or - for standard input";
  if (what.starts_with("pictures (or --results) is required"))
    return "no picture is named; name files, folders, - for standard input, or results with --results";
  if (what.starts_with("names is required"))
    return "no model is named; `mobilenet models` lists those that have a name";
  if (what.ends_with(" missing") && what.find(": 1 required ") != std::string::npos)
    return what.substr(0, what.find(": 1 required ")) + " needs a value";
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
