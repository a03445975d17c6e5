// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Sentences from parts, in the same form whatever the program's locale.

#include <locale>
#include <sstream>
#include <string>

namespace mobilenet {

// text(count, " lines for ", classes, " classes")
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream stream;
  stream.imbue(std::locale::classic());
  (stream << ... << parts);
  return stream.str();
}

}  // namespace mobilenet
