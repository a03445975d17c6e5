// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The codecs behind Image::decode, one file each; those whose library was not found are declared but not built. Each
// checks the picture's size before it decodes, and refuses what is truncated or corrupt.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace mobilenet {

struct PictureFile {
  std::span<const std::byte> bytes;
  std::string_view name;        // for messages
  std::int64_t max_pixels = 0;  // 0: no limit

  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(bytes.data()); }
};

Result<Image> decode_bmp(const PictureFile& file);
Result<Image> decode_jpeg(const PictureFile& file);
Result<Image> decode_png(const PictureFile& file);
Result<Image> decode_webp(const PictureFile& file);

// Refuses sizes below 1, above max_pixels, or beyond what memory can address.
Result<void> check_size(const PictureFile& file, std::int64_t width, std::int64_t height);

// Memory that is not there is an error, not an exception. The bytes are not initialised.
Result<std::unique_ptr<std::byte[]>> allocate_pixels(const PictureFile& file, std::size_t bytes);

}  // namespace mobilenet
