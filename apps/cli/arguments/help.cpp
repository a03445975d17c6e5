// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/help.h"

#include <sstream>

#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kNames = 26;  // where descriptions begin

std::string description(const std::string& text) { return wrapped(text, kColumns - kNames); }

}  // namespace

HelpFormatter::HelpFormatter() {
  column_width(kNames);
  label("SUBCOMMAND", "COMMAND");
  label("Positionals", "Arguments");
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return wrapped(CLI::Formatter::make_description(app), kColumns);
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  return '\n' + CLI::Formatter::make_usage(app, std::move(name));
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return {};
  return ' ' + option->get_type_name() + (option->get_required() && !option->get_positional() ? " (required)" : "");
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return description(CLI::Formatter::make_option_desc(option));
}

std::string HelpFormatter::make_subcommand(const CLI::App* app) const {
  std::stringstream out;
  CLI::detail::format_help(out, app->get_display_name(true), description(app->get_description()), kNames);
  return out.str();
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  return app->get_footer().empty() ? "" : wrapped(app->get_footer(), kColumns) + '\n';
}

}  // namespace mobilenet::cli
