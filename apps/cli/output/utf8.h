// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The smallest part of UTF-8 that a terminal table and numpy's text arrays need: one code point at a time.

#include <cstddef>
#include <string_view>

namespace mobilenet::cli {

struct Utf8 {
  char32_t code_point = 0;  // the byte itself when it is not valid
  std::size_t bytes = 1;    // how many the text moves on; 1 when it is not valid
  bool valid = false;
};

// Of a text that is not empty. Overlong forms, surrogates and what lies beyond U+10FFFF are not valid.
Utf8 first_code_point(std::string_view text);

// Columns that a text takes in a terminal, as far as one code point takes one.
std::size_t display_width(std::string_view text);

}  // namespace mobilenet::cli
