// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// JPEG through TurboJPEG, with the accurate DCT and smooth chroma upsampling that PIL uses.

#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "preprocess/decode.h"
#include "preprocess/exif.h"

namespace mobilenet {
namespace {

struct Segments {
  std::span<const std::byte> exif;  // from its TIFF header
  bool has_end = false;             // the end-of-image marker was found
};

// Walks the markers of the file up to its end marker, or to whatever does not look like one.
Segments find_segments(std::span<const std::byte> bytes) {
  constexpr unsigned char kTemporary = 0x01, kFirstRestart = 0xd0, kLastRestart = 0xd7;
  constexpr unsigned char kEnd = 0xd9, kStartOfScan = 0xda, kApp1 = 0xe1;
  static constexpr std::string_view kExif("Exif\0\0", 6);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  Segments found;
  bool in_scan = false;  // inside the coded data that follows a start of scan
  for (std::size_t at = 2; at + 2 <= bytes.size();) {
    const unsigned char marker = data[at + 1];
    if (data[at] != 0xff || marker == 0x00) {
      if (!in_scan) break;
      ++at;
    } else if (marker == 0xff) {  // a fill byte
      ++at;
    } else if (marker == kTemporary || (marker >= kFirstRestart && marker <= kLastRestart)) {
      at += 2;
    } else if (marker == kEnd) {
      found.has_end = true;
      break;
    } else {
      if (at + 4 > bytes.size()) break;
      const std::size_t length = static_cast<std::size_t>(data[at + 2]) << 8 | data[at + 3];
      if (length < 2 || length > bytes.size() - at - 2) break;
      const auto content = bytes.subspan(at + 4, length - 2);
      if (marker == kApp1 && found.exif.empty() && content.size() > kExif.size() &&
          std::memcmp(content.data(), kExif.data(), kExif.size()) == 0)
        found.exif = content.subspan(kExif.size());
      in_scan = marker == kStartOfScan;
      at += 2 + length;
    }
  }
  return found;
}

// PIL takes every four-channel JPEG as Adobe writes them, with inverted inks, and converts ink to light like this.
void cmyk_to_rgb(const unsigned char* inverted, unsigned char* rgb, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i, inverted += 4, rgb += 3) {
    const int light = inverted[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - inverted[c]) * light + 128;
      rgb[c] = static_cast<unsigned char>(std::clamp(light - (((product >> 8) + product) >> 8), 0, 255));
    }
  }
}

}  // namespace

Result<Image> decode_jpeg(const PictureFile& file) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), &tjDestroy);
  if (!decoder) return failure(ErrorCode::out_of_memory, file.name, ": not enough memory for a JPEG decoder");
  const auto refused = [&](std::string_view why) {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable JPEG picture: ", why);
  };

  int width = 0, height = 0, subsampling = 0, colour_space = -1;
  const auto size = static_cast<unsigned long>(file.bytes.size());
  if (tjDecompressHeader3(decoder.get(), file.data(), size, &width, &height, &subsampling, &colour_space) != 0) {
    // A subsampling that has no name in this interface fails here, but decodes.
    const bool readable = width > 0 && height > 0 && colour_space >= 0 && subsampling < 0;
    if (!readable) return refused(tjGetErrorStr2(decoder.get()));
  }
  MOBILENET_CHECK(check_size(file, width, height));

  const bool four_channels = colour_space == TJCS_CMYK || colour_space == TJCS_YCCK;
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  MOBILENET_TRY(auto decoded, allocate_pixels(file, pixels * (four_channels ? 4 : 3)));
  auto* const target = reinterpret_cast<unsigned char*>(decoded.get());
  // The limit on scans keeps a small hostile progressive file from taking minutes.
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  const int status = tjDecompress2(decoder.get(), file.data(), size, target, width, 0, height,
                                   four_channels ? TJPF_CMYK : TJPF_RGB, flags);
  const Segments segments = find_segments(file.bytes);
  if (status != 0) {
    const std::string_view why = tjGetErrorStr2(decoder.get());
    if (tjGetErrorCode(decoder.get()) == TJERR_FATAL) return refused(why);
    // Only the first warning is kept: behind a harmless one, the missing end still shows in the markers.
    if (why.starts_with("Premature end of JPEG file") || !segments.has_end) return refused("it is truncated");
  }

  const Orientation orientation = exif_orientation(segments.exif);
  if (!four_channels) return Image(std::move(decoded), width, height, orientation);
  MOBILENET_TRY(auto rgb, allocate_pixels(file, pixels * 3));
  cmyk_to_rgb(target, reinterpret_cast<unsigned char*>(rgb.get()), pixels);
  return Image(std::move(rgb), width, height, orientation);
}

}  // namespace mobilenet
