// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// UTF-8, one code point at a time.

#include <cstddef>
#include <string_view>

namespace mobilenet {

struct Utf8 {
  char32_t code_point = 0;  // the byte itself when it is not valid
  std::size_t bytes = 1;    // how many the text moves on; 1 when it is not valid
  bool valid = false;
};

// Of a text that is not empty. Overlong forms, surrogates and what lies beyond U+10FFFF are not valid.
Utf8 first_code_point(std::string_view text);

}  // namespace mobilenet
