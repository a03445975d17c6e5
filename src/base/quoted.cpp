// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/quoted.h"

namespace mobilenet {
namespace {

constexpr std::size_t kShownName = 120;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string printable(std::string_view name) {
  std::string shown(name);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    if (byte < 0x20 || byte == 0x7f) shown[i] = '?';
    // U+0080 to U+009F, the second set of control characters, in UTF-8.
    if (byte == 0xc2 && i + 1 < shown.size() && static_cast<unsigned char>(shown[i + 1]) - 0x80u < 0x20)
      shown[i] = shown[i + 1] = '?';
  }
  return shown;
}

std::string shortened(std::string_view name) {
  if (name.size() <= kShownName) return printable(name);
  std::size_t end = kShownName;
  while (end > 0 && continues_character(name[end])) --end;
  return printable(name.substr(0, end)) + "...";
}

std::string quoted(std::string_view name) { return '"' + shortened(name) + '"'; }

}  // namespace mobilenet
