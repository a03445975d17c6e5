// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Uncompressed BMP: palettes of 1, 4 and 8 bits, colours of 16, 24 and 32 bits, masks where the file has them.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "pictures/decode.h"

namespace mobilenet {
namespace {

constexpr std::uint32_t kUncompressed = 0, kBitFields = 3;
constexpr std::size_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;  // bytes

struct Header {
  std::size_t palette_at = 0;
  std::size_t palette_step = 4;  // bytes of an entry
  std::size_t colours = 0;       // entries of the palette
  std::size_t pixels_at = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;  // negative: top row first
  int bits = 0;             // of a pixel
  std::uint32_t compression = kUncompressed;
  std::array<std::uint32_t, 3> masks{};  // of red, green and blue in a pixel of 16 bits or more
};

std::uint32_t little_endian(const unsigned char* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

// False when the file is shorter than its headers.
bool read_header(const PictureFile& file, Header& header) {
  const unsigned char* const data = file.data();
  const auto number = [&](std::size_t at, int count) { return little_endian(data + at, count); };
  if (file.bytes.size() < kFileHeader + kCoreHeader) return false;
  header.pixels_at = number(10, 4);
  const std::size_t header_bytes = number(14, 4);
  header.palette_at = kFileHeader + header_bytes;
  if (header_bytes == kCoreHeader) {  // OS/2's first version
    header.width = number(18, 2);
    header.height = number(20, 2);
    header.bits = static_cast<int>(number(24, 2));
    header.palette_step = 3;
  } else {
    if (file.bytes.size() < kFileHeader + kInfoHeader || header_bytes < kInfoHeader) return false;
    header.width = static_cast<std::int32_t>(number(18, 4));
    header.height = static_cast<std::int32_t>(number(22, 4));
    header.bits = static_cast<int>(number(28, 2));
    header.compression = number(30, 4);
    header.colours = number(46, 4);
  }
  if (header.colours == 0 && header.bits <= 8) header.colours = std::size_t{1} << header.bits;
  if (header.pixels_at == 0) header.pixels_at = header.palette_at;
  if (header.bits <= 8 && header.pixels_at == header.palette_at)  // some writers forget the palette here
    header.pixels_at += header.colours * header.palette_step;
  header.masks =
      header.bits == 16 ? std::array{0x7c00u, 0x03e0u, 0x001fu} : std::array{0xff0000u, 0x00ff00u, 0x0000ffu};
  if (header.compression != kBitFields) return true;
  constexpr std::size_t kMasksAt = 54;  // inside later headers, behind the first
  if (file.bytes.size() < kMasksAt + 12) return false;
  std::array<std::uint32_t, 3> masks{number(kMasksAt, 4), number(kMasksAt + 4, 4), number(kMasksAt + 8, 4)};
  if (masks[0] != 0 || masks[1] != 0 || masks[2] != 0) header.masks = masks;
  return true;
}

// Values without an entry are black, as in PIL.
Colours read_palette(const PictureFile& file, const Header& header) {
  if (file.stored_numbers == StoredNumbers::numbers) return numbers_as_colours();
  Colours colours{};
  for (std::size_t i = 0; i < std::min(header.colours, colours.size()); ++i) {
    const std::size_t at = header.palette_at + i * header.palette_step;
    if (at + header.palette_step > file.bytes.size()) break;
    const unsigned char* const entry = file.data() + at;
    colours[i] = {entry[2], entry[1], entry[0]};
  }
  return colours;
}

void unpack_indexed(const unsigned char* row, const Colours& colours, const Header& header, unsigned char* rgb) {
  const auto bits = static_cast<unsigned>(header.bits);
  const unsigned largest = (1u << bits) - 1;
  for (std::int64_t x = 0; x < header.width; ++x, rgb += 3) {
    const std::uint64_t bit = static_cast<std::uint64_t>(x) * bits;
    const unsigned value = static_cast<unsigned>(row[bit / 8]) >> (8 - bits - bit % 8) & largest;
    std::memcpy(rgb, colours[value].data(), 3);
  }
}

// Colours that are whole bytes of a pixel.
void unpack_bytes(const unsigned char* row, const Header& header, unsigned char* rgb) {
  const int pixel_bytes = header.bits / 8;
  const int red = std::countr_zero(header.masks[0]) / 8, green = std::countr_zero(header.masks[1]) / 8,
            blue = std::countr_zero(header.masks[2]) / 8;
  for (std::int64_t x = 0; x < header.width; ++x, row += pixel_bytes, rgb += 3) {
    rgb[0] = row[red];
    rgb[1] = row[green];
    rgb[2] = row[blue];
  }
}

// What a mask selects, scaled to a byte and rounded down, as PIL does with 5 and 6 bits.
void unpack_masked(const unsigned char* row, const Header& header, unsigned char* rgb) {
  const int pixel_bytes = header.bits / 8;
  std::array<int, 3> shifts{};
  std::array<std::uint64_t, 3> largest{};
  for (std::size_t c = 0; c < 3; ++c) {
    shifts[c] = std::countr_zero(header.masks[c]);
    largest[c] = header.masks[c] >> shifts[c];
  }
  for (std::int64_t x = 0; x < header.width; ++x, row += pixel_bytes, rgb += 3) {
    const std::uint32_t pixel = little_endian(row, pixel_bytes);
    for (std::size_t c = 0; c < 3; ++c)
      rgb[c] = static_cast<unsigned char>(((pixel & header.masks[c]) >> shifts[c]) * std::uint64_t{255} / largest[c]);
  }
}

bool is_contiguous(std::uint32_t mask) {
  return mask != 0 && std::has_single_bit((std::uint64_t{mask} >> std::countr_zero(mask)) + 1);
}

bool is_byte(std::uint32_t mask) {
  return mask == 0xffu || mask == 0xff00u || mask == 0xff0000u || mask == 0xff000000u;
}

}  // namespace

Result<DecodedPicture> decode_bmp(const PictureFile& file) {
  const auto refused = [&](std::string_view why) {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable BMP picture: ", why);
  };
  Header header;
  if (!read_header(file, header)) return refused("it is truncated");
  const std::int64_t height = std::abs(header.height);
  if (header.compression != kUncompressed && header.compression != kBitFields)
    return failure(ErrorCode::unsupported, file.name, ": is a compressed BMP picture (method ", header.compression,
                   "), only uncompressed ones are read");
  const bool indexed = header.bits == 1 || header.bits == 4 || header.bits == 8;
  if (!indexed && header.bits != 16 && header.bits != 24 && header.bits != 32)
    return refused("its pixels have an impossible number of bits");
  MOBILENET_CHECK(check_stored_numbers(file, indexed ? PixelKind::numbers : PixelKind::colours));
  constexpr std::size_t kMaxColours = 65536;  // PIL's limit
  if (indexed && header.colours > kMaxColours) return refused("its palette has an impossible number of colours");
  for (const std::uint32_t mask : header.masks)
    if (!indexed && (!is_contiguous(mask) || static_cast<int>(std::bit_width(mask)) > header.bits))
      return refused("its colour masks are not inside a pixel, or have holes");
  const bool bytes = std::ranges::all_of(header.masks, is_byte);
  MOBILENET_TRY(auto picture, blank_picture(file, header.width, height));
  const std::int64_t row_bytes = (header.width * header.bits + 31) / 32 * 4;
  const auto size = static_cast<std::int64_t>(file.bytes.size()), start = static_cast<std::int64_t>(header.pixels_at);
  const std::int64_t last_row_bytes = (header.width * header.bits + 7) / 8;  // some writers leave its padding out
  if (start > size || height - 1 > (size - start - last_row_bytes) / row_bytes || last_row_bytes > size - start)
    return refused("it is truncated");

  const Colours colours = indexed ? read_palette(file, header) : Colours{};
  for (std::int64_t y = 0; y < height; ++y) {
    const unsigned char* const row = file.data() + start + y * row_bytes;
    unsigned char* const target = picture.row(header.height < 0 ? y : height - 1 - y);
    if (indexed)
      unpack_indexed(row, colours, header, target);
    else if (bytes)
      unpack_bytes(row, header, target);
    else
      unpack_masked(row, header, target);
  }
  return picture;
}

}  // namespace mobilenet
