// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PNG through libspng, unpacked to what PIL's convert("RGB") makes of each kind: samples of 16 bits keep their high
// byte, but grey ones are clamped to 255; alpha and transparent colours are dropped.

#include <spng.h>

#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "base/error.h"
#include "preprocess/decode.h"
#include "preprocess/exif.h"

namespace mobilenet {
namespace {

using Colours = std::array<std::array<unsigned char, 3>, 256>;

// What the values of a palette picture, or of a grey one with up to 8 bits, look like.
Colours colours_of(spng_ctx* context, const spng_ihdr& header) {
  Colours colours{};  // values outside the palette are black
  if (header.color_type == SPNG_COLOR_TYPE_INDEXED) {
    spng_plte palette{};
    if (spng_get_plte(context, &palette) == 0)
      for (std::uint32_t i = 0; i < palette.n_entries && i < colours.size(); ++i)
        colours[i] = {palette.entries[i].red, palette.entries[i].green, palette.entries[i].blue};
  } else {
    const int largest = (1 << header.bit_depth) - 1;
    for (int i = 0; i <= largest; ++i)
      colours[static_cast<std::size_t>(i)].fill(static_cast<unsigned char>(i * 255 / largest));
  }
  return colours;
}

void unpack_indexed(const unsigned char* row, const Colours& colours, const spng_ihdr& header, unsigned char* rgb) {
  const std::uint32_t depth = header.bit_depth;
  const unsigned mask = (1u << depth) - 1;
  for (std::uint32_t x = 0; x < header.width; ++x, rgb += 3) {
    const std::size_t bit = static_cast<std::size_t>(x) * depth;
    const unsigned value = static_cast<unsigned>(row[bit / 8]) >> (8 - depth - bit % 8) & mask;
    std::memcpy(rgb, colours[value].data(), 3);
  }
}

void unpack_grey_16(const unsigned char* row, const spng_ihdr& header, unsigned char* rgb) {
  for (std::uint32_t x = 0; x < header.width; ++x, row += 2, rgb += 3) std::memset(rgb, row[0] ? 255 : row[1], 3);
}

// Grey with alpha, RGB, RGB with alpha; big-endian, so that the high byte of a sample comes first.
void unpack_samples(const unsigned char* row, const spng_ihdr& header, unsigned char* rgb) {
  const std::size_t sample = header.bit_depth / 8;
  const bool grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
  const bool alpha = grey || header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
  const std::size_t step = sample * ((grey ? 1u : 3u) + (alpha ? 1u : 0u));
  const std::size_t next = grey ? 0 : sample;
  for (std::uint32_t x = 0; x < header.width; ++x, row += step, rgb += 3) {
    rgb[0] = row[0];
    rgb[1] = row[next];
    rgb[2] = row[2 * next];
  }
}

// The content of the first eXIf chunk, wherever it stands; the chunks' checksums are the decoder's business.
std::span<const std::byte> find_exif(std::span<const std::byte> bytes) {
  constexpr std::size_t kSignature = 8, kFrame = 12;  // a chunk is length, type, content, checksum
  for (std::size_t at = kSignature; at + kFrame <= bytes.size();) {
    const auto* chunk = reinterpret_cast<const unsigned char*>(bytes.data()) + at;
    const std::size_t length = static_cast<std::size_t>(chunk[0]) << 24 | static_cast<std::size_t>(chunk[1]) << 16 |
                               static_cast<std::size_t>(chunk[2]) << 8 | chunk[3];
    if (length > bytes.size() - at - kFrame) break;
    if (std::memcmp(chunk + 4, "eXIf", 4) == 0) return bytes.subspan(at + 8, length);
    at += kFrame + length;
  }
  return {};
}

}  // namespace

Result<Image> decode_png(const PictureFile& file) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return failure(ErrorCode::out_of_memory, file.name, ": not enough memory for a PNG decoder");
  const auto refused = [&](int code) {
    const ErrorCode kind = code == SPNG_EMEM ? ErrorCode::out_of_memory : ErrorCode::bad_format;
    return failure(kind, file.name, ": is not a readable PNG picture: ",
                   code == SPNG_EOF || code == SPNG_IO_EOF ? "it is truncated" : spng_strerror(code));
  };

  constexpr std::size_t kMaxChunk = std::size_t{64} << 20;  // texts and profiles that unpack to more are bombs
  spng_ihdr header{};
  if (const int code = spng_set_chunk_limits(context.get(), kMaxChunk, kMaxChunk)) return refused(code);
  if (const int code = spng_set_png_buffer(context.get(), file.data(), file.bytes.size())) return refused(code);
  if (const int code = spng_get_ihdr(context.get(), &header)) return refused(code);
  MOBILENET_CHECK(check_size(file, header.width, header.height));

  const std::size_t row_bytes = std::size_t{header.width} * 3;
  MOBILENET_TRY(auto rgb, allocate_pixels(file, row_bytes * header.height));
  auto* const target = reinterpret_cast<unsigned char*>(rgb.get());
  const bool already_rgb = header.color_type == SPNG_COLOR_TYPE_TRUECOLOR && header.bit_depth == 8;
  std::size_t raw_bytes = 0;
  if (const int code = spng_decoded_image_size(context.get(), SPNG_FMT_RAW, &raw_bytes)) return refused(code);
  std::unique_ptr<std::byte[]> raw;
  if (!already_rgb) {
    MOBILENET_TRY(raw, allocate_pixels(file, raw_bytes));
    std::memset(raw.get(), 0, raw_bytes);  // the decoder ORs the small samples of interlaced pictures into it
  }
  unsigned char* const decoded = already_rgb ? target : reinterpret_cast<unsigned char*>(raw.get());
  if (const int code = spng_decode_image(context.get(), decoded, raw_bytes, SPNG_FMT_RAW, 0)) return refused(code);

  if (!already_rgb) {
    const bool grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE;
    const bool indexed = header.color_type == SPNG_COLOR_TYPE_INDEXED || (grey && header.bit_depth <= 8);
    const Colours colours = indexed ? colours_of(context.get(), header) : Colours{};
    const std::size_t raw_row_bytes = raw_bytes / header.height;
    for (std::size_t y = 0; y < header.height; ++y) {
      const unsigned char* row = decoded + y * raw_row_bytes;
      unsigned char* const out = target + y * row_bytes;
      if (indexed)
        unpack_indexed(row, colours, header, out);
      else if (grey)
        unpack_grey_16(row, header, out);
      else
        unpack_samples(row, header, out);
    }
  }
  return Image(std::move(rgb), static_cast<int>(header.width), static_cast<int>(header.height),
               exif_orientation(find_exif(file.bytes)));
}

}  // namespace mobilenet
