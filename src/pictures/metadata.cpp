// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/metadata.h"

#include <optional>

#include "pictures/exif.h"

namespace mobilenet {
namespace {

constexpr std::string_view kExifPrefix("Exif\0\0", 6);

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The first digit that follows tiff:Orientation as an attribute or as an element.
std::optional<int> xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view value = xmp.substr(at + kName.size());
    if (value.starts_with("=\""))
      value.remove_prefix(2);
    else if (value.starts_with('>'))
      value.remove_prefix(1);
    else
      continue;
    if (!value.empty() && value.front() >= '0' && value.front() <= '9') return value.front() - '0';
  }
  return std::nullopt;
}

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

}  // namespace

std::span<const std::byte> without_exif_prefix(std::span<const std::byte> block) {
  while (text_of(block).starts_with(kExifPrefix)) block = block.subspan(kExifPrefix.size());
  return block;
}

std::vector<std::byte> raw_profile(std::string_view text) {
  for (int line = 0; line < 3; ++line) {  // an empty one, the name, the length
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  int high = -1;
  for (const char letter : text) {
    if (letter == '\n' || letter == '\r' || letter == ' ' || letter == '\t') continue;
    const int digit = hex_digit(letter);
    if (digit < 0) return {};
    if (high >= 0) bytes.push_back(static_cast<std::byte>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  return bytes;
}

Orientation orientation_of(const PictureMetadata& metadata) {
  if (const auto value = exif_orientation(metadata.exif)) return orientation_from_exif(*value);
  if (const auto value = xmp_orientation(text_of(metadata.xmp))) return orientation_from_exif(*value);
  return Orientation::upright;
}

}  // namespace mobilenet
