// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What is said about a command line that was wrong: what is wrong with it, and what may have been meant.

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace mobilenet::cli {

// One sentence about the error that parsing ended with.
std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error);
// About a word that is no command.
std::string no_command(const CLI::App& app, const std::string& word);

// Values that are empty are wrong everywhere: what a shell makes of a variable that is not set.
void refuse_empty_values(CLI::App& app);

}  // namespace mobilenet::cli
