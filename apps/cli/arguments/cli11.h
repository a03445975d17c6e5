// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the verbs need of CLI11, which costs every file that includes it 6 seconds to compile: beside cli11.cpp only
// those that look at whole commands do (main, help, usage errors). Values are checked while the command line is parsed:
// what is wrong there is a usage error.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mobilenet::cli {

// Takes a value, and says what is wrong with it; empty: nothing.
using ReadValue = std::function<std::string(const std::string& text)>;

// `names` are the option's, "-o,--output", or that of an argument, "pictures"; `type` stands for the value in the help.
CLI::Option* add_value(CLI::App& app, const std::string& names, const ReadValue& read, const std::string& description,
                       const std::string& type);
CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& text, const std::string& description,
                      const std::string& type);
// May be repeated, each time with one value.
CLI::Option* add_texts(CLI::App& app, const std::string& names, std::vector<std::string>& texts,
                       const std::string& description, const std::string& type);
// The words that belong to no option.
CLI::Option* add_words(CLI::App& app, const std::string& name, std::vector<std::string>& words,
                       const std::string& description, const std::string& type);
// A number of bytes such as 512MB or 8GB.
CLI::Option* add_bytes(CLI::App& app, const std::string& names, std::uint64_t& bytes, const std::string& description);
void add_flag(CLI::App& app, const std::string& names, bool& flag, const std::string& description);
void add_flag(CLI::App& app, const std::string& names, const std::function<void()>& given,
              const std::string& description);

void require(CLI::Option* option);
void exclude(CLI::Option* option, CLI::Option* other);
// What is wrong with a value that is otherwise read as it is.
void check(CLI::Option* option, const ReadValue& read);
void split_at_commas(CLI::Option* option);
bool is_given(const CLI::Option* option);
// By its long name, or an argument's.
CLI::Option* option_named(CLI::App& app, const std::string& name);

// Something that the command cannot do without, where `is_there` says no, once all is parsed. `what` names it.
void require_when_parsed(CLI::App& app, const std::function<bool()>& is_there, const std::string& what);

// The words that shells offer where the value belongs; asked for only when completions are made.
using OfferedWords = std::function<std::vector<std::string>()>;
CLI::Option* offer(CLI::Option* option, const OfferedWords& words);
std::vector<std::string> offered(const CLI::Option* option);

// What stands below the options in the help.
void set_footer(CLI::App& app, const std::string& text);

}  // namespace mobilenet::cli
