// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <string>

#include "cli/arguments/command_line.h"

namespace mobilenet::cli {

// mobilenet(1), for man.
std::string manual_page(const CommandLineText& program);

}  // namespace mobilenet::cli
