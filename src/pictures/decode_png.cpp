// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PNG through libspng, unpacked to what PIL's convert("RGB") makes of each kind: samples of 16 bits keep their high
// byte, but grey ones are clamped to 255; alpha and transparent colours are dropped.

#include <spng.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pictures/decode.h"

namespace mobilenet {
namespace {

bool is_indexed(const spng_ihdr& header) {
  return header.color_type == SPNG_COLOR_TYPE_INDEXED ||
         (header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth <= 8);
}

// What the values of a palette picture, or of a grey one with up to 8 bits, look like.
Colours colours_of(spng_ctx* context, const spng_ihdr& header, StoredNumbers wanted) {
  Colours colours{};  // values outside the palette are black
  if (!is_indexed(header)) return colours;
  if (wanted == StoredNumbers::numbers) return numbers_as_colours();
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

// The pixels that one pass of the file holds of a row: all, or every second, fourth or eighth of an interlaced picture.
struct Columns {
  std::uint32_t first, step, end;
};

Columns columns_of(const spng_ihdr& header, int pass) {
  constexpr std::array<std::uint32_t, 7> kFirst{0, 4, 0, 2, 0, 1, 0}, kStep{8, 8, 4, 4, 2, 2, 1};
  if (header.interlace_method == 0) return {0, 1, header.width};
  const auto at = static_cast<std::size_t>(pass);
  return {kFirst[at], kStep[at], header.width};
}

void unpack_indexed(const unsigned char* row, const Colours& colours, unsigned depth, Columns columns,
                    unsigned char* rgb) {
  const unsigned mask = (1u << depth) - 1;
  for (std::size_t x = columns.first; x < columns.end; x += columns.step) {
    const std::size_t bit = x * depth;
    const unsigned value = static_cast<unsigned>(row[bit / 8]) >> (8 - depth - bit % 8) & mask;
    std::memcpy(rgb + 3 * x, colours[value].data(), 3);
  }
}

void unpack_grey_16(const unsigned char* row, Columns columns, unsigned char* rgb) {
  for (std::size_t x = columns.first; x < columns.end; x += columns.step)
    std::memset(rgb + 3 * x, row[2 * x] ? 255 : row[2 * x + 1], 3);
}

// Grey with alpha, RGB, RGB with alpha; big-endian, so that the high byte of a sample comes first.
void unpack_samples(const unsigned char* row, const spng_ihdr& header, Columns columns, unsigned char* rgb) {
  const std::size_t sample = header.bit_depth / 8;
  const bool grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
  const bool alpha = grey || header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
  const std::size_t pixel = sample * ((grey ? 1u : 3u) + (alpha ? 1u : 0u));
  const std::size_t next = grey ? 0 : sample;
  for (std::size_t x = columns.first; x < columns.end; x += columns.step) {
    const unsigned char* const in = row + x * pixel;
    unsigned char* const out = rgb + 3 * x;
    out[0] = in[0];
    out[1] = in[next];
    out[2] = in[2 * next];
  }
}

// Row by row, so that only the result has the picture's size. SPNG_EOI where all went well.
int decode_rows(spng_ctx* context, const spng_ihdr& header, const Colours& colours, const DecodedPicture& picture,
                std::size_t raw_row_bytes) {
  const bool already_rgb = header.color_type == SPNG_COLOR_TYPE_TRUECOLOR && header.bit_depth == 8;
  const bool grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE;
  const bool indexed = is_indexed(header);
  std::vector<unsigned char> raw(already_rgb ? 0 : raw_row_bytes);
  for (;;) {
    spng_row_info row{};
    if (const int code = spng_get_row_info(context, &row)) return code;
    unsigned char* const target = picture.row(row.row_num);
    std::ranges::fill(raw, static_cast<unsigned char>(0));  // the decoder ORs small samples of interlaced pictures
    const int code = spng_decode_row(context, already_rgb ? target : raw.data(), raw_row_bytes);
    if (code != 0 && code != SPNG_EOI) return code;
    const Columns columns = columns_of(header, row.pass);
    if (indexed)
      unpack_indexed(raw.data(), colours, header.bit_depth, columns, target);
    else if (grey)
      unpack_grey_16(raw.data(), columns, target);
    else if (!already_rgb)
      unpack_samples(raw.data(), header, columns, target);
    if (code == SPNG_EOI) return code;
  }
}

void assign(std::vector<std::byte>& block, const char* first, std::size_t size) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(first);
  block.assign(bytes, bytes + size);
}

// Chunks before and behind the pixels; those that are broken count as missing. ImageMagick writes EXIF and XMP as
// texts: PIL reads the first kind of them.
PictureMetadata metadata_of(spng_ctx* context) {
  PictureMetadata found;
  spng_decode_chunks(context);
  spng_exif exif{};
  if (spng_get_exif(context, &exif) == 0) assign(found.exif, exif.data, exif.length);
  spng_iccp profile{};
  if (spng_get_iccp(context, &profile) == 0) assign(found.icc_profile, profile.profile, profile.profile_len);

  std::uint32_t count = 0;
  if (spng_get_text(context, nullptr, &count) != 0) return found;
  std::vector<spng_text> texts(count);
  if (spng_get_text(context, texts.data(), &count) != 0) return found;
  std::vector<std::byte> app1;
  for (const spng_text& text : texts) {
    const std::string_view keyword(text.keyword), content(text.text, text.length);
    if (keyword == "XML:com.adobe.xmp") assign(found.xmp, text.text, text.length);
    if (keyword == "Raw profile type exif" && found.exif.empty()) found.exif = raw_profile(content);
    if (keyword == "Raw profile type APP1") app1 = raw_profile(content);
  }
  if (found.exif.empty()) found.exif = std::move(app1);
  const auto block = without_exif_prefix(found.exif);
  found.exif.erase(found.exif.begin(), found.exif.end() - static_cast<std::ptrdiff_t>(block.size()));
  return found;
}

}  // namespace

Result<DecodedPicture> decode_png(const PictureFile& file) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return failure(ErrorCode::out_of_memory, file.name, ": not enough memory for a PNG decoder");
  const auto refused = [&](int code) {
    // zlib's beginning fails for want of memory alone.
    const bool memory = code == SPNG_EMEM || code == SPNG_EZLIB_INIT;
    const ErrorCode kind = memory ? ErrorCode::out_of_memory : ErrorCode::bad_format;
    return failure(kind, file.name, ": is not a readable PNG picture: ",
                   code == SPNG_EOF || code == SPNG_IO_EOF ? "it is truncated" : spng_strerror(code));
  };

  constexpr std::size_t kMaxChunk = std::size_t{64} << 20;  // texts and profiles that unpack to more are bombs
  spng_ihdr header{};
  if (const int code = spng_set_chunk_limits(context.get(), kMaxChunk, kMaxChunk)) return refused(code);
  if (const int code = spng_set_png_buffer(context.get(), file.data(), file.bytes.size())) return refused(code);
  if (const int code = spng_get_ihdr(context.get(), &header)) return refused(code);
  MOBILENET_CHECK(check_stored_numbers(file, is_indexed(header) ? PixelKind::numbers : PixelKind::colours));
  MOBILENET_TRY(auto picture, blank_picture(file, header.width, header.height));
  std::size_t raw_bytes = 0;
  if (const int code = spng_decoded_image_size(context.get(), SPNG_FMT_RAW, &raw_bytes)) return refused(code);
  if (const int code = spng_decode_image(context.get(), nullptr, 0, SPNG_FMT_RAW, SPNG_DECODE_PROGRESSIVE))
    return refused(code);
  const Colours colours = colours_of(context.get(), header, file.stored_numbers);
  if (const int code = decode_rows(context.get(), header, colours, picture, raw_bytes / header.height);
      code != SPNG_EOI)
    return refused(code);
  picture.metadata = metadata_of(context.get());
  return picture;
}

}  // namespace mobilenet
