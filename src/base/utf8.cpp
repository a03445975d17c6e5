// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/utf8.h"

namespace mobilenet {

Utf8 first_code_point(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const Utf8 invalid{lead, 1, false};
  if (lead < 0x80) return {lead, 1, true};
  std::size_t count = 0;
  char32_t code_point = 0;
  char32_t smallest = 0;
  if (lead >= 0xc0 && lead < 0xe0) {
    count = 2, code_point = lead & 0x1fu, smallest = 0x80;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    count = 3, code_point = lead & 0x0fu, smallest = 0x800;
  } else if (lead >= 0xf0 && lead < 0xf8) {
    count = 4, code_point = lead & 0x07u, smallest = 0x10000;
  } else {
    return invalid;
  }
  if (text.size() < count) return invalid;
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return invalid;
    code_point = (code_point << 6) | (byte(i) & 0x3fu);
  }
  const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
  if (code_point < smallest || code_point > 0x10ffff || surrogate) return invalid;
  return {code_point, count, true};
}

}  // namespace mobilenet
