// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/caption.h"

#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "draw/canvas.h"

namespace mobilenet::drawing {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";     // U+2026
constexpr int kMaxCodePoints = 256;                        // more fits in no picture

bool is_control(char32_t code_point) { return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0); }

}  // namespace

std::string legible(std::string_view text) {
  std::string out;
  for (int count = 0; !text.empty() && count < kMaxCodePoints; ++count) {
    const Utf8 next = first_code_point(text);
    if (!next.valid) {
      out += kReplacement;
    } else if (is_control(next.code_point)) {
      out += ' ';
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string decimal(double value, int digits) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits).ptr;
  std::string_view number(text.data(), static_cast<std::size_t>(end - text.data()));
  if (number.starts_with('-') && number.find_first_not_of("-0.") == number.npos) number.remove_prefix(1);  // "-0"
  return std::string(number);
}

std::string class_caption(int index, std::string_view label) {
  std::string caption = legible(label);
  return !label.empty() && has_letters(caption) ? caption : "class " + std::to_string(index);
}

double caption_room(int picture_width, double font_size) {
  constexpr double kShare = 0.4, kLeast = 10;  // of the picture; in letters' heights
  return std::max(kShare * picture_width, kLeast * font_size);
}

std::string shortened(std::string_view text, double font_size, double width) {
  if (text_width(text, font_size) <= width) return std::string(text);
  while (!text.empty()) {
    while ((static_cast<unsigned char>(text.back()) & 0xc0u) == 0x80) text.remove_suffix(1);  // to the last lead byte
    text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    std::string candidate = std::string(text) + std::string(kEllipsis);
    if (!text.empty() && text_width(candidate, font_size) <= width) return candidate;
  }
  return {};
}

double caption_font_size(int picture_width, int picture_height) {
  const double side = std::sqrt(double{1} * picture_width * picture_height);
  return std::max(9.0, std::round(4.5 + 0.017 * side));
}

}  // namespace mobilenet::drawing

bool mobilenet::can_write(std::string_view label) try {
  return drawing::has_letters(drawing::legible(label));
} catch (...) {
  return false;
}
