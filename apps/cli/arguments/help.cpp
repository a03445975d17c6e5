// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/help.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kNames = 26;  // where descriptions begin

std::string description(const std::string& text) { return wrapped(text, kColumns - kNames); }

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(kNames);
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }

  std::string make_description(const CLI::App* app) const override {
    return wrapped(CLI::Formatter::make_description(app), kColumns);
  }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    return '\n' + CLI::Formatter::make_usage(app, std::move(name));
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return {};
    return ' ' + option->get_type_name() + (option->get_required() && !option->get_positional() ? " (required)" : "");
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return description(CLI::Formatter::make_option_desc(option));
  }

  std::string make_subcommand(const CLI::App* app) const override {
    std::stringstream out;
    CLI::detail::format_help(out, app->get_display_name(true), description(app->get_description()), kNames);
    return out.str();
  }

  std::string make_footer(const CLI::App* app) const override {
    return app->get_footer().empty() ? "" : wrapped(app->get_footer(), kColumns) + '\n';
  }
};

}  // namespace

void format_help(CLI::App& app) { app.formatter(std::make_shared<HelpFormatter>()); }

}  // namespace mobilenet::cli
