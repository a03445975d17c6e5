// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/cli11.h"

#include <CLI/CLI.hpp>
#include <map>

namespace mobilenet::cli {
namespace {

// CLI11's options have no place for it.
std::map<const CLI::Option*, OfferedWords>& offers() {
  static std::map<const CLI::Option*, OfferedWords> all;
  return all;
}

}  // namespace

CLI::Option* add_value(CLI::App& app, const std::string& names, const ReadValue& read, const std::string& description,
                       const std::string& type) {
  const std::string name = names.substr(names.find("--"));
  return app
      .add_option_function<std::string>(
          names,
          [name, read](const std::string& text) {
            if (const std::string wrong = read(text); !wrong.empty()) throw CLI::ValidationError(name, wrong);
          },
          description)
      ->type_name(type);
}

CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& text, const std::string& description,
                      const std::string& type) {
  return app.add_option(names, text, description)->type_name(type);
}

CLI::Option* add_texts(CLI::App& app, const std::string& names, std::vector<std::string>& texts,
                       const std::string& description, const std::string& type) {
  return app.add_option(names, texts, description)->allow_extra_args(false)->type_name(type);
}

CLI::Option* add_words(CLI::App& app, const std::string& name, std::vector<std::string>& words,
                       const std::string& description, const std::string& type) {
  return app.add_option(name, words, description)->type_name(type);
}

CLI::Option* add_bytes(CLI::App& app, const std::string& names, std::uint64_t& bytes, const std::string& description) {
  return app.add_option(names, bytes, description)->transform(CLI::AsSizeValue(false))->type_name("BYTES");
}

void add_flag(CLI::App& app, const std::string& names, bool& flag, const std::string& description) {
  app.add_flag(names, flag, description);
}

void add_flag(CLI::App& app, const std::string& names, const std::function<void()>& given,
              const std::string& description) {
  app.add_flag_callback(names, given, description);
}

void require(CLI::Option* option) { option->required(); }

void exclude(CLI::Option* option, CLI::Option* other) { option->excludes(other); }

void check(CLI::Option* option, const ReadValue& read) {
  option->check([read](const std::string& text) { return read(text); });
}

void split_at_commas(CLI::Option* option) { option->delimiter(','); }

bool is_given(const CLI::Option* option) { return !option->empty(); }

CLI::Option* option_named(CLI::App& app, const std::string& name) { return app.get_option(name); }

void require_when_parsed(CLI::App& app, const std::function<bool()>& is_there, const std::string& what) {
  app.callback([is_there, what] {
    if (!is_there()) throw CLI::RequiredError(what);
  });
}

CLI::Option* offer(CLI::Option* option, const OfferedWords& words) {
  offers()[option] = words;
  return option;
}

std::vector<std::string> offered(const CLI::Option* option) {
  const auto found = offers().find(option);
  return found == offers().end() ? std::vector<std::string>() : found->second();
}

void set_footer(CLI::App& app, const std::string& text) { app.footer(text); }

}  // namespace mobilenet::cli
