// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/picture_files.h"

// jpeglib.h takes FILE for granted.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <spng.h>
#include <webp/encode.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "preprocess/noise_picture.h"

namespace mobilenet::testing {
namespace {

void append(Bytes& bytes, const void* data, std::size_t count) {
  const std::size_t end = bytes.size();
  bytes.resize(end + count);
  std::memcpy(bytes.data() + end, data, count);
}
void append(Bytes& bytes, std::string_view text) { append(bytes, text.data(), text.size()); }
void append(Bytes& bytes, const Bytes& more) { append(bytes, more.data(), more.size()); }
void append_little(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

std::uint32_t big_endian(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint32_t>(bytes[i]);
  return value;
}

std::uint32_t crc_32(const std::byte* bytes, std::size_t count) {
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = 0; i < count; ++i) {
    crc ^= static_cast<std::uint32_t>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

// RIFF chunks are padded to an even size.
void append_chunk(Bytes& file, std::string_view name, const Bytes& content) {
  append(file, name);
  append_little(file, static_cast<std::uint32_t>(content.size()), 4);
  append(file, content);
  if (content.size() % 2) file.push_back(std::byte{0});
}

}  // namespace

Bytes exif_block(int orientation) {
  Bytes block;
  append(block, std::string_view("II*\0\x08\0\0\0", 8));
  append_little(block, 1, 2);       // one entry:
  append_little(block, 0x0112, 2);  // orientation,
  append_little(block, 3, 2);       // a short,
  append_little(block, 1, 4);       // once
  append_little(block, static_cast<std::uint32_t>(orientation), 4);
  append_little(block, 0, 4);  // no further directory
  return block;
}

Bytes jpeg_file(JpegKind kind, int width, int height, const Bytes& exif) {
  // Four bytes of noise a pixel are enough for every pixel format.
  const NoisePicture noise(width * 2, height);
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);  // ends the program on an error
  jpeg_create_compress(&encoder);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &data, &size);
  encoder.image_width = static_cast<JDIMENSION>(width);
  encoder.image_height = static_cast<JDIMENSION>(height);
  encoder.in_color_space = kind == JpegKind::cmyk ? JCS_CMYK : kind == JpegKind::grey ? JCS_GRAYSCALE : JCS_RGB;
  encoder.input_components = kind == JpegKind::cmyk ? 4 : kind == JpegKind::grey ? 1 : 3;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 80, TRUE);
  if (kind == JpegKind::progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  while (encoder.next_scanline < encoder.image_height) {
    auto* row = const_cast<JSAMPROW>(noise.rgb.data()) +
                std::size_t{encoder.next_scanline} * static_cast<std::size_t>(width * encoder.input_components);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  const std::unique_ptr<unsigned char, void (*)(void*)> owner(data, &std::free);

  Bytes file;
  append(file, data, 2);
  if (!exif.empty()) {
    const std::size_t length = 2 + 6 + exif.size();
    append(file, "\xff\xe1");
    file.push_back(static_cast<std::byte>(length >> 8));
    file.push_back(static_cast<std::byte>(length));
    append(file, std::string_view("Exif\0\0", 6));
    append(file, exif);
  }
  append(file, data + 2, size - 2);
  return file;
}

Bytes png_file(PngKind kind, int width, int height, const Bytes& exif) {
  NoisePicture noise(width * 3, height);
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(width);
  header.height = static_cast<std::uint32_t>(height);
  header.bit_depth = 8;
  switch (kind) {
    case PngKind::rgb:
      header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
      break;
    case PngKind::rgba:
      header.color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
      break;
    case PngKind::palette:
      header.color_type = SPNG_COLOR_TYPE_INDEXED;
      break;
    case PngKind::grey_16:
      header.bit_depth = 16;
      break;
    case PngKind::grey_2_interlaced:
      header.bit_depth = 2;
      header.interlace_method = 1;
      break;
  }
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> encoder(spng_ctx_new(SPNG_CTX_ENCODER), &spng_ctx_free);
  require(spng_set_option(encoder.get(), SPNG_ENCODE_TO_BUFFER, 1) == 0, "cannot write a PNG to memory");
  require(spng_set_ihdr(encoder.get(), &header) == 0, "cannot write a PNG's header");
  if (kind == PngKind::palette) {
    spng_plte palette{};
    palette.n_entries = 16;
    for (std::uint32_t i = 0; i < palette.n_entries; ++i)
      palette.entries[i] = {static_cast<std::uint8_t>(i * 16), static_cast<std::uint8_t>(255 - i), 7, 255};
    require(spng_set_plte(encoder.get(), &palette) == 0, "cannot write a palette");
    for (std::uint8_t& byte : noise.rgb) byte %= 16;
  }
  Bytes content = exif;  // must live until the file is written
  if (!exif.empty()) {
    spng_exif chunk{content.size(), reinterpret_cast<char*>(content.data())};
    require(spng_set_exif(encoder.get(), &chunk) == 0, "cannot write an eXIf chunk");
  }
  const std::size_t bits = header.bit_depth * (kind == PngKind::rgb ? 3u : kind == PngKind::rgba ? 4u : 1u);
  const std::size_t bytes = (static_cast<std::size_t>(width) * bits + 7) / 8 * static_cast<std::size_t>(height);
  require(spng_encode_image(encoder.get(), noise.rgb.data(), bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE) == 0,
          "cannot write a PNG");
  std::size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, void (*)(void*)> data(spng_get_png_buffer(encoder.get(), &size, &error), &std::free);
  require(data != nullptr, "cannot write a PNG");
  Bytes file;
  append(file, data.get(), size);
  return file;
}

Bytes webp_file(WebpKind kind, int width, int height, const Bytes& exif) {
  const NoisePicture noise(width, height);
  std::uint8_t* data = nullptr;
  const std::size_t size = kind == WebpKind::lossless
                               ? WebPEncodeLosslessRGB(noise.rgb.data(), width, height, width * 3, &data)
                               : WebPEncodeRGB(noise.rgb.data(), width, height, width * 3, 70, &data);
  require(size > 12, "cannot write a WebP");
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(data, &WebPFree);
  Bytes chunks;
  if (!exif.empty()) {  // the extended form: flags, canvas size less one, then the picture, then the EXIF block
    Bytes extended;
    append_little(extended, 0x08, 4);
    append_little(extended, static_cast<std::uint32_t>(width - 1), 3);
    append_little(extended, static_cast<std::uint32_t>(height - 1), 3);
    append_chunk(chunks, "VP8X", extended);
  }
  append(chunks, data + 12, size - 12);
  if (!exif.empty()) append_chunk(chunks, "EXIF", exif);
  Bytes file;
  append(file, "RIFF");
  append_little(file, static_cast<std::uint32_t>(chunks.size() + 4), 4);
  append(file, "WEBP");
  append(file, chunks);
  return file;
}

Bytes bmp_file(BmpKind kind, int width, int height) {
  const NoisePicture noise(width * 2, height);
  const int bits = kind == BmpKind::bits_24 ? 24 : kind == BmpKind::bits_8 ? 8 : 32;
  const std::size_t row_bytes = (static_cast<std::size_t>(width) * static_cast<std::size_t>(bits) + 31) / 32 * 4;
  Bytes file;
  append(file, "BM");
  const std::uint32_t palette_bytes = bits == 8 ? 256 * 4 : 0;
  const std::size_t pixel_bytes = row_bytes * static_cast<std::size_t>(height);
  append_little(file, static_cast<std::uint32_t>(54 + palette_bytes + pixel_bytes), 4);
  append_little(file, 0, 4);
  append_little(file, 54 + palette_bytes, 4);
  append_little(file, 40, 4);
  append_little(file, static_cast<std::uint32_t>(width), 4);
  append_little(file, static_cast<std::uint32_t>(kind == BmpKind::bits_32_top_down ? -height : height), 4);
  append_little(file, 1, 2);
  append_little(file, static_cast<std::uint32_t>(bits), 2);
  for (int i = 0; i < 6; ++i) append_little(file, 0, 4);
  for (std::uint32_t i = 0; i < palette_bytes / 4; ++i) append_little(file, i * 0x010203u & 0xffffffu, 4);
  append(file, noise.rgb.data(), pixel_bytes);
  return file;
}

void repair_png_checksums(Bytes& file) {
  for (std::size_t at = 8; at + 12 <= file.size();) {
    const std::size_t length = big_endian(file.data() + at);
    if (length > file.size() - at - 12) return;
    const std::uint32_t crc = crc_32(file.data() + at + 4, length + 4);
    for (std::size_t i = 0; i < 4; ++i) file[at + 8 + length + i] = static_cast<std::byte>(crc >> (24 - 8 * i));
    at += length + 12;
  }
}

std::vector<NamedFile> one_file_of_each_kind(int width, int height) {
  const Bytes exif = exif_block(6);
  std::vector<NamedFile> files = {{"baseline JPEG", jpeg_file(JpegKind::baseline, width, height, exif)},
                                  {"progressive JPEG", jpeg_file(JpegKind::progressive, width, height)},
                                  {"grey JPEG", jpeg_file(JpegKind::grey, width, height)},
                                  {"CMYK JPEG", jpeg_file(JpegKind::cmyk, width, height)},
                                  {"RGB PNG", png_file(PngKind::rgb, width, height, exif)},
                                  {"RGBA PNG", png_file(PngKind::rgba, width, height)},
                                  {"palette PNG", png_file(PngKind::palette, width, height)},
                                  {"16-bit grey PNG", png_file(PngKind::grey_16, width, height)},
                                  {"interlaced 2-bit PNG", png_file(PngKind::grey_2_interlaced, width, height)},
                                  {"lossy WebP", webp_file(WebpKind::lossy, width, height, exif)},
                                  {"lossless WebP", webp_file(WebpKind::lossless, width, height)},
                                  {"24-bit BMP", bmp_file(BmpKind::bits_24, width, height)},
                                  {"8-bit BMP", bmp_file(BmpKind::bits_8, width, height)},
                                  {"32-bit BMP", bmp_file(BmpKind::bits_32_top_down, width, height)}};
  append_optional_kinds(width, height, files);
  return files;
}

}  // namespace mobilenet::testing
