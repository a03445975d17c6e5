// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Text from parts. Numbers are written the same in every locale: messages, descriptions and files agree everywhere.

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace mobilenet {

inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
template <std::same_as<bool> Bool>
void append(std::string& text, Bool part) = delete;  // which words? say them

template <std::integral Number>
requires(!std::same_as<Number, bool>) void append(std::string& text, Number part) {
  std::array<char, 24> digits;
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), part).ptr);
}

// Six significant digits: what people read.
template <std::floating_point Number>
void append(std::string& text, Number part) {
  std::array<char, 32> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), part, std::chars_format::general, 6);
  text.append(digits.data(), written.ptr);
}

// text(count, " of ", most)
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string whole;
  (append(whole, parts), ...);
  return whole;
}

}  // namespace mobilenet
