// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The codecs behind Image::decode, one file each; those whose library was not found are declared but not built. Each
// checks the picture's size before it decodes, writes every pixel or refuses the file, and beyond the picture that it
// returns needs at most 4 bytes a pixel. Exceptions are the coefficients of JPEG files in several scans (progressive
// ones), which libjpeg keeps: 2 bytes a sample, so 3 to 8 a pixel; libheif and libavif, which decode a
// picture before they convert it: up to 16.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "pictures/metadata.h"

namespace mobilenet {

struct PictureFile {
  std::span<const std::byte> bytes;
  std::string_view name;        // for messages
  std::int64_t max_pixels = 0;  // 0: no limit
  StoredNumbers stored_numbers = StoredNumbers::colours;
  int shorter_side = 0;  // DecodeOptions::shorter_side

  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(bytes.data()); }
};

using Pixels = std::unique_ptr<std::byte[], void (*)(void*)>;

struct DecodedPicture {
  Pixels rgb;  // [height][width][3]
  int width = 0;
  int height = 0;
  PictureMetadata metadata = {};
  std::optional<Orientation> orientation = {};  // where the container says it, whatever its metadata say

  unsigned char* row(std::int64_t y) const { return reinterpret_cast<unsigned char*>(rgb.get()) + y * width * 3; }
};

// What the numbers of an indexed picture look like.
using Colours = std::array<std::array<unsigned char, 3>, 256>;
// The numbers themselves, for StoredNumbers::numbers.
Colours numbers_as_colours();
// Refuses colours where the file's numbers are wanted.
enum class PixelKind { colours, numbers };
Result<void> check_stored_numbers(const PictureFile& file, PixelKind kind);

Result<DecodedPicture> decode_avif(const PictureFile& file);
Result<DecodedPicture> decode_bmp(const PictureFile& file);
Result<DecodedPicture> decode_gif(const PictureFile& file);
Result<DecodedPicture> decode_heif(const PictureFile& file);
Result<DecodedPicture> decode_jpeg(const PictureFile& file);
Result<DecodedPicture> decode_png(const PictureFile& file);
Result<DecodedPicture> decode_tiff(const PictureFile& file);
Result<DecodedPicture> decode_webp(const PictureFile& file);

// Refuses sizes below 1 and above max_pixels.
Result<void> check_size(const PictureFile& file, std::int64_t width, std::int64_t height);
// A black picture of this size. Refuses what check_size() refuses, and sizes beyond what memory holds; black, so that
// no fault of a codec can show what the memory held before.
Result<DecodedPicture> blank_picture(const PictureFile& file, std::int64_t width, std::int64_t height);

}  // namespace mobilenet
