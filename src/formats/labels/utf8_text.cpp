// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/labels/utf8_text.h"

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"

namespace mobilenet {
namespace {

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf", kLittleMark = "\xff\xfe", kBigMark = "\xfe\xff";
constexpr std::string_view kLittleMark32{"\xff\xfe\0\0", 4}, kBigMark32{"\0\0\xfe\xff", 4};

void append_utf8(char32_t point, std::string& text) {
  const auto byte = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    byte(0xe0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3f));
  } else {
    byte(0xf0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3f));
    byte(0x80 | (point >> 6 & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

Result<std::string> from_utf16(std::string_view bytes, std::size_t high) {
  const auto broken = [] { return failure(ErrorCode::bad_format, "is broken UTF-16"); };
  if (bytes.size() % 2 != 0) return broken();
  const auto unit = [&](std::size_t at) {
    return static_cast<char32_t>(static_cast<std::uint8_t>(bytes[at + high]) << 8 |
                                 static_cast<std::uint8_t>(bytes[at + 1 - high]));
  };
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    char32_t point = unit(at);
    if (point >= 0xd800 && point < 0xe000) {  // half of a pair
      if (point >= 0xdc00 || at + 4 > bytes.size()) return broken();
      const char32_t second = unit(at + 2);
      if (second < 0xdc00 || second >= 0xe000) return broken();
      point = 0x10000 + ((point - 0xd800) << 10) + (second - 0xdc00);
      at += 2;
    }
    append_utf8(point, text);
  }
  return text;
}

Result<void> check_utf8(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const Utf8 next = first_code_point(text);
    if (!next.valid) return failure(ErrorCode::bad_format, "line ", line, " is not UTF-8 text; save it as UTF-8");
    const char32_t point = next.code_point;
    if (point == 0x7f || (point < 0x20 && point != '\t' && point != '\n'))
      return failure(ErrorCode::bad_format, "line ", line, " holds a control character (", static_cast<int>(point),
                     "), as text in UTF-8 does not");
    if (point == '\n') ++line;
    text.remove_prefix(next.bytes);
  }
  return {};
}

void unify_line_ends(std::string& text) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    text[kept++] = text[i] == '\r' ? '\n' : text[i];
  }
  text.resize(kept);
}

}  // namespace

Result<std::string> utf8_text(std::span<const std::byte> bytes) {
  constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  if (bytes.size() > kMostBytes)
    return failure(ErrorCode::bad_format, "has ", bytes.size(), " bytes, at most ", kMostBytes, " are read as text");
  std::string_view raw(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (raw.starts_with(kLittleMark32) || raw.starts_with(kBigMark32))
    return failure(ErrorCode::unsupported, "is UTF-32 text; save it as UTF-8");
  std::string text;
  if (raw.starts_with(kLittleMark)) {
    MOBILENET_TRY(text, from_utf16(raw.substr(2), 1));
  } else if (raw.starts_with(kBigMark)) {
    MOBILENET_TRY(text, from_utf16(raw.substr(2), 0));
  } else {
    if (raw.starts_with(kUtf8Mark)) raw.remove_prefix(kUtf8Mark.size());
    text = std::string(raw);
  }
  unify_line_ends(text);
  MOBILENET_CHECK(check_utf8(text));
  return text;
}

}  // namespace mobilenet
