// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/caption.h"

#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/utf8.h"

namespace mobilenet::drawing {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";     // U+2026
constexpr int kMaxCodePoints = 256;                        // more fits in no picture

bool is_control(char32_t code_point) { return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0); }

}  // namespace

void append_legible(std::string& words, std::string_view text) {
  for (int count = 0; !text.empty() && count < kMaxCodePoints; ++count) {
    const Utf8 next = first_code_point(text);
    if (!next.valid) {
      words += kReplacement;
    } else if (is_control(next.code_point)) {
      words += ' ';
    } else {
      words += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
}

void append_decimal(std::string& words, double value, int digits) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits).ptr;
  std::string_view number(text.data(), static_cast<std::size_t>(end - text.data()));
  if (number.starts_with('-') && number.find_first_not_of("-0.") == number.npos) number.remove_prefix(1);  // "-0"
  words += number;
}

void append_number(std::string& words, std::int64_t value) {
  std::array<char, 24> text{};
  words.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

void append_class(std::string& words, int index, std::string_view label, Letters& letters, int font_size) {
  const std::size_t before = words.size();
  append_legible(words, label);
  if (!label.empty() && letters.have(std::string_view(words).substr(before), font_size)) return;
  words.resize(before);
  words += "class ";
  append_number(words, index);
}

double caption_room(int picture_width, int font_size) {
  constexpr double kShare = 0.4, kLeast = 10;  // of the picture; in letters' heights
  return std::max(kShare * picture_width, kLeast * font_size);
}

void shorten(std::string& words, Letters& letters, int font_size, double width) {
  double reach = letters.width(words, font_size);
  if (reach <= width) return;
  const double ellipsis = letters.width(kEllipsis, font_size);
  const auto cut = [&](std::size_t length) {
    reach -= letters.width(std::string_view(words).substr(length), font_size);
    words.resize(length);
  };
  while (!words.empty()) {
    std::size_t last = words.size() - 1;  // of the last letter, its lead byte
    while (last > 0 && (static_cast<unsigned char>(words[last]) & 0xc0u) == 0x80) --last;
    cut(last);
    while (words.ends_with(' ')) cut(words.size() - 1);
    if (!words.empty() && reach + ellipsis <= width) {
      words += kEllipsis;
      return;
    }
  }
}

int caption_font_size(int picture_width, int picture_height) {
  const double side = std::sqrt(double{1} * picture_width * picture_height);
  return std::max(9, static_cast<int>(std::lround(4.5 + 0.017 * side)));
}

}  // namespace mobilenet::drawing

bool mobilenet::can_write(std::string_view label) try {
  std::string legible;
  drawing::append_legible(legible, label);
  return drawing::fonts_have(legible);
} catch (...) {
  return false;
}
