// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What shells complete behind `mobilenet`: commands, options, the words that a value may be, files.

#include <string>

#include "cli/arguments/command_line.h"

namespace mobilenet::cli {

std::string bash_completion(const CommandLineText& program);
std::string zsh_completion(const CommandLineText& program);
std::string fish_completion(const CommandLineText& program);

}  // namespace mobilenet::cli
