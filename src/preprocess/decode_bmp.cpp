// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// BMP through stb_image, held to this one format. It reads past a file's end as zeros, so the size is checked first.

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "base/error.h"
#include "preprocess/decode.h"

namespace mobilenet {
namespace {

struct Header {
  std::int64_t pixels_at = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;  // negative: top row first
  int bits = 0;             // of a pixel
  std::uint32_t compression = 0;
};

std::uint32_t little_endian(const unsigned char* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

bool read_header(const PictureFile& file, Header& header) {
  constexpr std::size_t kCoreHeaderEnd = 26, kInfoHeaderEnd = 54;
  if (file.bytes.size() < kCoreHeaderEnd) return false;
  const unsigned char* data = file.data();
  header.pixels_at = little_endian(data + 10, 4);
  if (little_endian(data + 14, 4) == 12) {  // OS/2's first version
    header.width = little_endian(data + 18, 2);
    header.height = little_endian(data + 20, 2);
    header.bits = static_cast<int>(little_endian(data + 24, 2));
    return true;
  }
  if (file.bytes.size() < kInfoHeaderEnd) return false;
  header.width = static_cast<std::int32_t>(little_endian(data + 18, 4));
  header.height = static_cast<std::int32_t>(little_endian(data + 22, 4));
  header.bits = static_cast<int>(little_endian(data + 28, 2));
  header.compression = little_endian(data + 30, 4);
  return true;
}

}  // namespace

Result<Image> decode_bmp(const PictureFile& file) {
  constexpr std::uint32_t kUncompressed = 0, kBitFields = 3;
  const auto refused = [&](std::string_view why) {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable BMP picture: ", why);
  };
  Header header;
  if (!read_header(file, header)) return refused("it is truncated");
  const std::int64_t height = std::abs(header.height);
  MOBILENET_CHECK(check_size(file, header.width, height));
  if (header.compression != kUncompressed && header.compression != kBitFields)
    return failure(ErrorCode::unsupported, file.name, ": is a compressed BMP picture (method ", header.compression,
                   "), only uncompressed ones are read");
  if (header.bits < 1 || header.bits > 32) return refused("its pixels have an impossible number of bits");
  const std::int64_t row_bytes = (header.width * header.bits + 31) / 32 * 4;
  const auto size = static_cast<std::int64_t>(file.bytes.size());
  if (header.pixels_at > size || height > (size - header.pixels_at) / row_bytes) return refused("it is truncated");
  if (size > std::numeric_limits<int>::max())
    return failure(ErrorCode::unsupported, file.name, ": is a BMP picture of more than 2 GiB");

  int width_read = 0, height_read = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(file.data(), static_cast<int>(size), &width_read, &height_read, &channels, 3),
      &stbi_image_free);
  if (!pixels) return refused(stbi_failure_reason() ? stbi_failure_reason() : "unknown reason");
  if (width_read != header.width || height_read != height) return refused("its header contradicts itself");
  const std::size_t bytes = static_cast<std::size_t>(header.width * height) * 3;
  MOBILENET_TRY(auto rgb, allocate_pixels(file, bytes));
  std::memcpy(rgb.get(), pixels.get(), bytes);
  return Image(std::move(rgb), width_read, height_read, Orientation::upright);
}

}  // namespace mobilenet
