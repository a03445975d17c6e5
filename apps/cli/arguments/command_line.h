// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// All commands and options of the program as plain data, from which its manual page and the completions of shells are
// made.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mobilenet::cli {

struct OptionText {
  std::vector<std::string> names;  // "-m", "--model"; of an argument that no option names: none
  std::string argument;            // "pictures", for words that belong to no option; empty: an option alone
  std::string type;                // stands for the value: "FILE"; empty: a flag
  std::string description;         // on one line
  bool required = false;
  bool repeats = false;
  std::vector<std::string> words;  // that its value may be, as far as they are known
  bool files = false;              // its value may name a file
};

struct CommandText {
  std::string name;  // of the program itself: "mobilenet"
  std::string description;
  std::string footer;  // paragraphs; lines that begin with a blank stay as they are
  std::vector<OptionText> options;
};

struct CommandLineText {
  CommandText program;
  std::vector<CommandText> commands;
};

CommandLineText describe_command_line(const CLI::App& app);

}  // namespace mobilenet::cli
