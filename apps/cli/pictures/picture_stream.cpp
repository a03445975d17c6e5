// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/picture_stream.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace mobilenet::cli {
namespace {

constexpr std::string_view kJpeg = "\xff\xd8\xff", kPng = "\x89PNG\r\n\x1a\n", kRiff = "RIFF", kBmp = "BM";
constexpr std::size_t kLongestHead = 12;

// Larger input is a mistake (or an endless pipe of something else): no picture comes near.
constexpr std::size_t kMaxBytes = std::size_t{4} << 30;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

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

bool is_webp(std::string_view bytes) { return bytes.starts_with(kRiff) && bytes.substr(8, 4) == "WEBP"; }
// With the zeros of its reserved field, as two letters say little.
bool is_bmp(std::string_view bytes) {
  return bytes.starts_with(kBmp) && bytes.substr(6, 4) == std::string_view("\0\0\0\0", 4);
}
bool begins_like_a_picture(std::string_view bytes) {
  return bytes.starts_with(kJpeg) || bytes.starts_with(kPng) || is_webp(bytes) || is_bmp(bytes);
}

}  // namespace

PictureEnd::Found PictureEnd::look_in_jpeg(std::span<const std::byte> bytes) {
  constexpr unsigned char kEnd = 0xd9, kApp2 = 0xe2;
  const std::string_view file = text_of(bytes);
  at_ = std::max(at_, std::size_t{2});
  for (;;) {
    const std::size_t found = file.find('\xff', at_);
    if (found == std::string_view::npos) {
      at_ = std::max(at_, file.size());
      return Found::nothing_yet;
    }
    at_ = found;
    std::size_t marker_at = found;
    while (marker_at < file.size() && file[marker_at] == '\xff') ++marker_at;
    // With the longest that may have to be looked at behind a marker: the length and the name of a segment.
    if (marker_at + 7 > file.size() &&
        (marker_at >= file.size() || static_cast<unsigned char>(file[marker_at]) != kEnd))
      return Found::nothing_yet;
    const auto marker = static_cast<unsigned char>(file[marker_at]);
    at_ = marker_at + 1;
    // Stuffed bytes and restarts lie inside of a scan; neither has a length.
    if (marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    if (marker == kEnd) {
      ended_ = true;
      return Found::another;
    }
    if (marker == kApp2 && file.substr(at_ + 2).starts_with(std::string_view("MPF\0", 4))) return Found::none;
    at_ += std::max(big_endian(file.substr(at_, 2)), std::size_t{2});
  }
}

PictureEnd::Found PictureEnd::look_in_png(std::span<const std::byte> bytes) {
  const std::string_view file = text_of(bytes);
  at_ = std::max(at_, kPng.size());
  while (at_ + 8 <= file.size()) {
    const bool last = file.substr(at_ + 4, 4) == "IEND";
    at_ += 12 + big_endian(file.substr(at_, 4));
    if (!last) continue;
    ended_ = true;
    return Found::another;
  }
  return Found::nothing_yet;
}

PictureEnd::Found PictureEnd::look(std::span<const std::byte> file) {
  if (has_none_) return Found::none;
  const Found found = look_on(file);
  has_none_ = found == Found::none;
  return found;
}

PictureEnd::Found PictureEnd::look_on(std::span<const std::byte> bytes) {
  const std::string_view file = text_of(bytes);
  if (!ended_) {
    if (file.size() < kLongestHead) return Found::nothing_yet;
    if (file.starts_with(kJpeg)) {
      if (const Found found = look_in_jpeg(bytes); found != Found::another) return found;
    } else if (file.starts_with(kPng)) {
      if (const Found found = look_in_png(bytes); found != Found::another) return found;
    } else if (is_webp(file)) {
      const std::size_t length = little_endian_32(file.substr(4, 4));
      at_ = 8 + length + length % 2;
    } else if (is_bmp(file) && little_endian_32(file.substr(2, 4)) >= kLongestHead) {
      at_ = little_endian_32(file.substr(2, 4));
    } else {
      return Found::none;
    }
    ended_ = true;
  }
  if (file.size() < at_ + kLongestHead) return Found::nothing_yet;
  return begins_like_a_picture(file.substr(at_)) ? Found::another : Found::none;
}

Result<std::vector<std::byte>> PictureStream::next() {
  std::vector<std::byte> bytes = std::exchange(rest_, {});
  PictureEnd end;
  bool open = true;
  for (;;) {
    const PictureEnd::Found found = end.look(bytes);
    if (found == PictureEnd::Found::another) {
      rest_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(end.place()), bytes.end());
      bytes.resize(end.place());
      return bytes;
    }
    if (!open) return bytes;
    const std::size_t size = bytes.size();
    if (size > kMaxBytes)
      return Error{ErrorCode::out_of_memory, "larger than the limit of " + std::to_string(kMaxBytes >> 30) + " GiB"};
    bytes.resize(size + (std::size_t{1} << 16));
    ssize_t count = 0;
    do count = read(descriptor_, bytes.data() + size, bytes.size() - size);
    while (count < 0 && errno == EINTR);
    if (count < 0) return Error{ErrorCode::io, std::string("cannot read it: ") + std::strerror(errno)};
    bytes.resize(size + static_cast<std::size_t>(count));
    open = count > 0;
  }
}

}  // namespace mobilenet::cli
