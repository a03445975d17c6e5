// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "cli/arguments/cli11.h"

namespace mobilenet::cli {
namespace {

// Whether a value of this type, as the help calls it, names a file.
bool names_a_file(std::string_view type) {
  constexpr std::array<std::string_view, 4> kFiles = {"FILE", "PATH", "MODEL", "..."};
  return std::find(kFiles.begin(), kFiles.end(), type) != kFiles.end();
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

OptionText describe_option(const CLI::Option& option) {
  OptionText text;
  for (const std::string& name : option.get_snames()) text.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  if (option.get_positional()) text.argument = option.get_name(true);
  if (option.get_type_size() != 0) text.type = option.get_type_name();
  text.description = on_one_line(option.get_description());
  text.required = option.get_required();
  text.repeats = option.get_expected_max() > 1;
  text.words = offered(&option);
  const bool only_words = text.names.empty() && !text.words.empty();  // as those of `get`
  text.files = names_a_file(text.type) && !only_words;
  return text;
}

CommandText describe_command(const CLI::App& app) {
  CommandText text{app.get_name(), app.get_description(), app.get_footer(), {}};
  for (const CLI::Option* option : app.get_options()) text.options.push_back(describe_option(*option));
  return text;
}

}  // namespace

CommandLineText describe_command_line(const CLI::App& app) {
  CommandLineText text{describe_command(app), {}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    text.commands.push_back(describe_command(*command));
  return text;
}

}  // namespace mobilenet::cli
