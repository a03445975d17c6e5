// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Names out of files as messages show them.

#include <string>
#include <string_view>

namespace mobilenet {

// A name without control characters, whose bytes could move a terminal's cursor or break a log's line: each is a
// question mark.
std::string printable(std::string_view name);
// The same, at most 120 bytes of it.
std::string shortened(std::string_view name);
// The same in quotes: for a message.
std::string quoted(std::string_view name);
inline std::string quoted(const std::string& name) { return quoted(std::string_view(name)); }  // not std::quoted

}  // namespace mobilenet
