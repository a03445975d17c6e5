// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// BMP through stb_image, held to this one format. It reads past a file's end as zeros, so the size is checked first.

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#include <stb/stb_image.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "base/error.h"
#include "preprocess/decode.h"

namespace mobilenet {
namespace {

constexpr std::uint32_t kUncompressed = 0, kBitFields = 3;

struct Header {
  std::int64_t pixels_at = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;  // negative: top row first
  int bits = 0;             // of a pixel
  std::uint32_t compression = 0;
  int green_bits = 5;  // of a pixel of 16 bits; red and blue have 5
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
  constexpr std::size_t kMasksEnd = 66;
  if (header.compression == kBitFields && file.bytes.size() >= kMasksEnd && little_endian(data + 58, 4) == 0x07e0)
    header.green_bits = 6;
  return true;
}

// stb_image widens 5 and 6 bits to 8 by repeating them; PIL scales them, rounded down.
void rescale_16_bit_pixels(const Header& header, std::span<stbi_uc> rgb) {
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    const int bits = i % 3 == 1 ? header.green_bits : 5;
    rgb[i] = static_cast<stbi_uc>((rgb[i] >> (8 - bits)) * 255 / ((1 << bits) - 1));
  }
}

}  // namespace

Result<Image> decode_bmp(const PictureFile& file) {
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
  if (header.bits == 16) rescale_16_bit_pixels(header, {pixels.get(), bytes});
  MOBILENET_TRY(auto rgb, allocate_pixels(file, bytes));
  std::memcpy(rgb.get(), pixels.get(), bytes);
  return Image(std::move(rgb), width_read, height_read, Orientation::upright);
}

}  // namespace mobilenet
