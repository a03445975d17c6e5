// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Names as they are compared where upper and lower case say nothing. Letters are those of ASCII in every locale; other
// bytes, such as those of UTF-8, stay as they are.

#include <string>
#include <string_view>

namespace mobilenet {

constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = lower_case(c);
  return lower;
}

// Without blanks and marks too, so that "Traffic light" is "traffic_light".
inline std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (c != ' ' && c != '_' && c != '-') plain += lower_case(c);
  return plain;
}

}  // namespace mobilenet
