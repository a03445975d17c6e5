// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/video.h>

#include <algorithm>
#include <array>
#include <string_view>

// Videos and animations by the first bytes of their containers.

namespace mobilenet {
namespace {

using std::string_view_literals::operator""sv;

// Pictures that share the container of MP4: HEIF and AVIF.
bool is_picture_brand(std::string_view brand) {
  constexpr std::array kBrands = {"heic"sv, "heix"sv, "heim"sv, "heis"sv, "avif"sv, "mif1"sv, "msf1"sv};
  return std::find(kBrands.begin(), kBrands.end(), brand) != kBrands.end();
}

// The block by which browsers repeat a GIF stands before its first frame, behind a palette of up to 768 bytes.
bool repeats(std::string_view gif) {
  return gif.find("\x21\xff\x0bNETSCAPE2.0"sv) != std::string_view::npos ||
         gif.find(
             "\x21\xff\x0b"
             "ANIMEXTS1.0"sv) != std::string_view::npos;
}

// Packets of 188 bytes that begin with 'G'; as many as there are.
bool is_transport_stream(std::string_view head) {
  constexpr std::size_t kPacket = 188;
  if (head.size() < 3 * kPacket) return false;
  for (std::size_t at = 0; at < head.size(); at += kPacket)
    if (head[at] != 'G') return false;
  return true;
}

}  // namespace

bool is_video(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (head.size() < 12) return false;
  const std::string_view box = head.substr(4, 4);
  if (box == "ftyp") return !is_picture_brand(head.substr(8, 4));
  for (const std::string_view old_movie : {"moov"sv, "mdat"sv, "wide"sv, "free"sv, "skip"sv, "pnot"sv})
    if (box == old_movie) return true;
  if (head.starts_with("RIFF")) return head.substr(8, 4) == "AVI ";
  if (head.starts_with("GIF8")) return repeats(head);
  for (const std::string_view first : {"\x1a\x45\xdf\xa3"sv, "FLV\x01"sv, "OggS"sv, "YUV4MPEG2"sv, "\0\0\1\xba"sv,
                                       "\0\0\1\xb3"sv, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv})
    if (head.starts_with(first)) return true;
  return is_transport_stream(head);
}

}  // namespace mobilenet
