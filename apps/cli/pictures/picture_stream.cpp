// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/picture_stream.h"

#include <string_view>

namespace mobilenet::cli {
namespace {

constexpr std::string_view kJpeg = "\xff\xd8\xff", kPng = "\x89PNG\r\n\x1a\n", kRiff = "RIFF", kBmp = "BM";

std::size_t big_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::size_t little_endian_32(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = 4; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

// Where the picture ends; npos: it does not, or its end cannot be told from what else it holds.
std::size_t jpeg_end(std::string_view file) {
  constexpr unsigned char kEnd = 0xd9, kScan = 0xda, kApp2 = 0xe2;
  std::size_t at = 2;
  for (;;) {
    at = file.find('\xff', at);
    while (at < file.size() && file[at] == '\xff') ++at;
    if (at >= file.size()) return std::string_view::npos;
    const auto marker = static_cast<unsigned char>(file[at++]);
    // Stuffed bytes and restarts lie inside of a scan; neither has a length.
    if (marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    if (marker == kEnd) return at;
    if (at + 2 > file.size()) return std::string_view::npos;
    const std::string_view segment = file.substr(at, big_endian(file.substr(at, 2)));
    if (marker == kApp2 && segment.substr(segment.size() < 2 ? 0 : 2).starts_with(std::string_view("MPF\0", 4)))
      return std::string_view::npos;
    at += segment.size() < 2 ? 2 : segment.size();
    if (marker == kScan && at >= file.size()) return std::string_view::npos;
  }
}

std::size_t png_end(std::string_view file) {
  std::size_t at = kPng.size();
  while (at + 12 <= file.size()) {
    const std::size_t length = big_endian(file.substr(at, 4));
    const bool last = file.substr(at + 4, 4) == "IEND";
    if (length > file.size() - at - 12) return std::string_view::npos;
    at += 12 + length;
    if (last) return at;
  }
  return std::string_view::npos;
}

}  // namespace

bool holds_another_picture(std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto follows = [file](std::size_t end, std::string_view head) {
    return end < file.size() && file.substr(end).starts_with(head);
  };
  if (file.starts_with(kJpeg)) return follows(jpeg_end(file), kJpeg);
  if (file.starts_with(kPng)) return follows(png_end(file), kPng);
  if (file.size() < 12) return false;
  if (file.starts_with(kRiff)) {
    const std::size_t length = little_endian_32(file.substr(4, 4));
    return follows(8 + length + length % 2, kRiff);
  }
  if (file.starts_with(kBmp)) return follows(little_endian_32(file.substr(2, 4)), kBmp);
  return false;
}

}  // namespace mobilenet::cli
