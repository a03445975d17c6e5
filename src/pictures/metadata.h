// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a picture file says beside its pixels, as blocks of bytes that each codec takes out of its container.

#include <mobilenet/image.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace mobilenet {

struct PictureMetadata {
  std::vector<std::byte> exif;         // from its TIFF header on
  std::vector<std::byte> xmp;          // text
  std::vector<std::byte> icc_profile;  // not checked
};

// An EXIF block without the prefix "Exif\0\0", which JPEG demands and other formats hold now and then.
std::span<const std::byte> without_exif_prefix(std::span<const std::byte> block);

// The bytes of one of ImageMagick's text chunks: a name, a length and lines of hexadecimal digits. Empty when broken.
std::vector<std::byte> raw_profile(std::string_view text);

// How the picture must be turned, by PIL's rule: EXIF's tag, also where its value means nothing, else that of XMP.
Orientation orientation_of(const PictureMetadata& metadata);

}  // namespace mobilenet
