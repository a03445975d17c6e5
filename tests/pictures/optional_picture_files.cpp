// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// GIF, and the kinds whose libraries a build may lack: TIFF, HEIC and AVIF.

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "pictures/picture_files.h"
#include "preprocess/noise_picture.h"

#ifdef MOBILENET_WITH_TIFF
#include <tiffio.h>
#endif
#ifdef MOBILENET_WITH_HEIF
#include <libheif/heif.h>
#endif
#ifdef MOBILENET_WITH_AVIF
#include <avif/avif.h>
#endif

namespace mobilenet::testing {
namespace {

void append(Bytes& bytes, std::string_view text) {
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
}
void append_little(Bytes& bytes, int value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}
[[maybe_unused]] void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

}  // namespace

Bytes gif_file(GifKind kind, int width, int height) {
  // Numbers of 7 bits as codes of 8: the table is emptied before codes grow.
  constexpr int kBits = 7, kClear = 1 << kBits, kEnd = kClear + 1, kUntilLonger = 100;
  const NoisePicture noise(width, height);
  Bytes file;
  append(file, "GIF89a");
  const bool part = kind == GifKind::part_of_canvas;
  append_little(file, width, 2);
  append_little(file, height, 2);
  append_little(file, 0x80 | (kBits - 1), 1);
  append_little(file, 0, 2);
  for (int i = 0; i < 3 << kBits; ++i) append_little(file, 255 - i / 2, 1);
  if (part) append(file, std::string_view("!\xf9\x04\x01\0\0\x05\0", 8));  // 5 is transparent
  append(file, ",");
  const int left = part ? width / 3 : 0, top = part ? height / 3 : 0;
  append_little(file, left, 2);
  append_little(file, top, 2);
  append_little(file, width - left, 2);
  append_little(file, height - top, 2);
  append_little(file, kind == GifKind::interlaced ? 0x40 : 0, 1);
  append_little(file, kBits, 1);
  Bytes codes;
  for (int i = 0; i < (width - left) * (height - top); ++i) {
    if (i % kUntilLonger == 0) append_little(codes, kClear, 1);
    append_little(codes, noise.rgb[static_cast<std::size_t>(i)] % kClear, 1);
  }
  append_little(codes, kEnd, 1);
  for (std::size_t at = 0; at < codes.size(); at += 255) {
    const std::size_t count = std::min<std::size_t>(255, codes.size() - at);
    append_little(file, static_cast<int>(count), 1);
    file.insert(file.end(), codes.begin() + static_cast<std::ptrdiff_t>(at),
                codes.begin() + static_cast<std::ptrdiff_t>(at + count));
  }
  append_little(file, 0, 1);
  append(file, ";");
  return file;
}

#ifdef MOBILENET_WITH_TIFF
namespace {

struct Sink {
  Bytes bytes;
  std::size_t position = 0;
};
Sink& sink_of(thandle_t handle) { return *static_cast<Sink*>(handle); }

tmsize_t read_back(thandle_t handle, void* to, tmsize_t count) {
  Sink& sink = sink_of(handle);
  const std::size_t taken = std::min(static_cast<std::size_t>(count), sink.bytes.size() - sink.position);
  std::memcpy(to, sink.bytes.data() + sink.position, taken);
  sink.position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write(thandle_t handle, void* from, tmsize_t count) {
  Sink& sink = sink_of(handle);
  const auto size = static_cast<std::size_t>(count);
  sink.bytes.resize(std::max(sink.bytes.size(), sink.position + size));
  std::memcpy(sink.bytes.data() + sink.position, from, size);
  sink.position += size;
  return count;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Sink& sink = sink_of(handle);
  sink.position = offset + (whence == SEEK_CUR ? sink.position : whence == SEEK_END ? sink.bytes.size() : 0);
  return sink.position;
}

}  // namespace

Bytes tiff_file(TiffKind kind, int width, int height, int orientation, const Bytes& icc_profile) {
  NoisePicture noise(width * 3, height);  // enough for all kinds
  Sink sink;
  const std::unique_ptr<TIFF, void (*)(TIFF*)> tiff(
      TIFFClientOpen(
          "test", kind == TiffKind::palette_4 ? "wb" : "wl", &sink, read_back, write, seek, [](thandle_t) { return 0; },
          [](thandle_t handle) -> toff_t { return sink_of(handle).bytes.size(); },
          [](thandle_t, void**, toff_t*) { return 0; }, [](thandle_t, void*, toff_t) {}),
      &TIFFClose);
  require(tiff != nullptr, "cannot write a TIFF");
  int bits = 8, samples = 3, photometric = PHOTOMETRIC_RGB, compression = COMPRESSION_NONE;
  bool separate = false;
  switch (kind) {
    case TiffKind::rgb_strips:
      compression = COMPRESSION_LZW;
      break;
    case TiffKind::rgb_16_tiles:
      bits = 16;
      compression = COMPRESSION_ADOBE_DEFLATE;
      break;
    case TiffKind::palette_4:
      bits = 4, samples = 1, photometric = PHOTOMETRIC_PALETTE;
      break;
    case TiffKind::fax:
      bits = 1, samples = 1, photometric = PHOTOMETRIC_MINISWHITE, compression = COMPRESSION_CCITTFAX4;
      break;
    case TiffKind::inks_in_planes:
      samples = 4, photometric = PHOTOMETRIC_SEPARATED, separate = true;
      break;
    case TiffKind::jpeg:
      photometric = PHOTOMETRIC_YCBCR, compression = COMPRESSION_JPEG;
      break;
    case TiffKind::luma_and_colours:
      photometric = PHOTOMETRIC_YCBCR;
      break;
  }
  TIFF* const out = tiff.get();
  TIFFSetField(out, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(out, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(out, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField(out, TIFFTAG_SAMPLESPERPIXEL, samples);
  TIFFSetField(out, TIFFTAG_PLANARCONFIG, separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(out, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(out, TIFFTAG_PHOTOMETRIC, photometric);
  TIFFSetField(out, TIFFTAG_SOFTWARE, "tests");
  if (orientation > 0) TIFFSetField(out, TIFFTAG_ORIENTATION, orientation);
  if (!icc_profile.empty())
    TIFFSetField(out, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(icc_profile.size()), icc_profile.data());
  if (compression == COMPRESSION_JPEG) TIFFSetField(out, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  if (kind == TiffKind::luma_and_colours) TIFFSetField(out, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
  std::vector<std::uint16_t> map(3 * 16);
  for (std::size_t i = 0; i < map.size(); ++i) map[i] = static_cast<std::uint16_t>(i * 1300);
  if (kind == TiffKind::palette_4) TIFFSetField(out, TIFFTAG_COLORMAP, map.data(), map.data() + 16, map.data() + 32);
  if (kind == TiffKind::rgb_16_tiles) {
    constexpr int kTile = 16;
    TIFFSetField(out, TIFFTAG_TILEWIDTH, kTile);
    TIFFSetField(out, TIFFTAG_TILELENGTH, kTile);
    NoisePicture tile(kTile * 2, kTile);
    for (int y = 0; y < height; y += kTile)
      for (int x = 0; x < width; x += kTile)
        require(
            TIFFWriteTile(out, tile.rgb.data(), static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), 0, 0) > 0,
            "cannot write a tile");
  } else {
    TIFFSetField(out, TIFFTAG_ROWSPERSTRIP, compression == COMPRESSION_JPEG ? 16 : 8);  // libtiff wants whole blocks
    const auto row_bytes = static_cast<std::size_t>(TIFFScanlineSize(out));
    for (int plane = 0; plane < (separate ? samples : 1); ++plane)
      for (int y = 0; y < height; ++y)
        require(TIFFWriteScanline(out, noise.rgb.data() + static_cast<std::size_t>(y) * row_bytes,
                                  static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane)) == 1,
                "cannot write a row of a TIFF");
  }
  require(TIFFFlush(out) == 1, "cannot write a TIFF's directory");
  return sink.bytes;
}
#endif

#ifdef MOBILENET_WITH_HEIF
namespace {

void check(const heif_error& error) { require(error.code == heif_error_Ok, error.message); }

}  // namespace

bool writes_heic() { return heif_have_encoder_for_format(heif_compression_HEVC) != 0; }

Bytes heic_file(HeicKind kind, int width, int height, const Bytes& exif, const Bytes& icc_profile) {
  const NoisePicture noise(width, height);
  const std::unique_ptr<heif_context, void (*)(heif_context*)> context(heif_context_alloc(), &heif_context_free);
  heif_image* made = nullptr;
  check(heif_image_create(width, height, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &made));
  const std::unique_ptr<heif_image, void (*)(heif_image*)> image(made, [](heif_image* i) { heif_image_release(i); });
  check(heif_image_add_plane(made, heif_channel_interleaved, width, height, 8));
  int row_bytes = 0;
  std::uint8_t* const pixels = heif_image_get_plane(made, heif_channel_interleaved, &row_bytes);
  const std::size_t used = 3 * static_cast<std::size_t>(width);
  for (int y = 0; y < height; ++y)
    std::memcpy(pixels + std::ptrdiff_t{y} * row_bytes, noise.rgb.data() + static_cast<std::size_t>(y) * used, used);
  if (!icc_profile.empty())
    check(heif_image_set_raw_color_profile(made, "prof", icc_profile.data(), icc_profile.size()));
  heif_encoder* found = nullptr;
  check(heif_context_get_encoder_for_format(context.get(), heif_compression_HEVC, &found));
  const std::unique_ptr<heif_encoder, void (*)(heif_encoder*)> encoder(found, &heif_encoder_release);
  check(heif_encoder_set_lossy_quality(found, 80));
  const std::unique_ptr<heif_encoding_options, void (*)(heif_encoding_options*)> options(heif_encoding_options_alloc(),
                                                                                         &heif_encoding_options_free);
  if (kind == HeicKind::turned) options->image_orientation = heif_orientation_rotate_90_cw;
  heif_image_handle* written = nullptr;
  check(heif_context_encode_image(context.get(), made, found, options.get(), &written));
  const std::unique_ptr<heif_image_handle, void (*)(heif_image_handle*)> handle(
      written, [](heif_image_handle* h) { heif_image_handle_release(h); });
  if (!exif.empty())
    check(heif_context_add_exif_metadata(context.get(), written, exif.data(), static_cast<int>(exif.size())));
  Bytes file;
  heif_writer writer{};
  writer.writer_api_version = 1;
  writer.write = [](heif_context*, const void* data, std::size_t size, void* to) {
    const auto* const bytes = static_cast<const std::byte*>(data);
    static_cast<Bytes*>(to)->assign(bytes, bytes + size);
    return heif_error{heif_error_Ok, heif_suberror_Unspecified, "good"};
  };
  check(heif_context_write(context.get(), &writer, &file));
  return file;
}
#endif

#ifdef MOBILENET_WITH_AVIF
bool writes_avif() { return avifCodecName(AVIF_CODEC_CHOICE_AUTO, AVIF_CODEC_FLAG_CAN_ENCODE) != nullptr; }

Bytes avif_file(AvifKind kind, int width, int height, Orientation orientation, const Bytes& exif,
                const Bytes& icc_profile) {
  const bool deep = kind == AvifKind::deep_with_alpha;
  NoisePicture noise(width * 2, height);  // up to four bytes a pixel
  const std::unique_ptr<avifImage, void (*)(avifImage*)> image(
      avifImageCreate(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height), deep ? 10 : 8,
                      deep ? AVIF_PIXEL_FORMAT_YUV444 : AVIF_PIXEL_FORMAT_YUV420),
      &avifImageDestroy);
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, image.get());
  rgb.depth = 8;
  rgb.format = deep ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = noise.rgb.data();
  rgb.rowBytes = static_cast<std::uint32_t>((deep ? 4 : 3) * width);
  require(avifImageRGBToYUV(image.get(), &rgb) == AVIF_RESULT_OK, "cannot convert for an AVIF");
  // As EXIF's eight: turns against the clock, and whether left and right change places behind that.
  constexpr std::uint8_t kQuarters[] = {0, 0, 0, 2, 2, 3, 3, 1, 1};
  constexpr bool kMirrored[] = {false, false, true, false, true, true, false, true, false};
  const auto at = static_cast<std::size_t>(orientation);
  image->irot.angle = kQuarters[at];
  if (image->irot.angle != 0) image->transformFlags |= AVIF_TRANSFORM_IROT;
  if (kMirrored[at]) {
    image->transformFlags |= AVIF_TRANSFORM_IMIR;
#if AVIF_VERSION_MAJOR >= 1
    image->imir.axis = 1;
#else
    image->imir.mode = 1;
#endif
  }
  const auto raw = [](const Bytes& bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); };
  if (!icc_profile.empty()) avifImageSetProfileICC(image.get(), raw(icc_profile), icc_profile.size());
  // Not avifImageSetMetadataExif(), which takes the turn from it.
  if (!exif.empty()) avifRWDataSet(&image->exif, raw(exif), exif.size());
  const std::unique_ptr<avifEncoder, void (*)(avifEncoder*)> encoder(avifEncoderCreate(), &avifEncoderDestroy);
  encoder->speed = 10;
  avifRWData written{};
  const std::unique_ptr<avifRWData, void (*)(avifRWData*)> owner(&written, &avifRWDataFree);
  require(avifEncoderWrite(encoder.get(), image.get(), &written) == AVIF_RESULT_OK, "cannot write an AVIF");
  const auto* const first = reinterpret_cast<const std::byte*>(written.data);
  return {first, first + written.size};
}
#endif

void append_optional_kinds(int width, int height, std::vector<NamedFile>& files) {
  files.push_back({"GIF", gif_file(GifKind::whole, width, height)});
  files.push_back({"interlaced GIF", gif_file(GifKind::interlaced, width, height)});
  files.push_back({"part of a canvas GIF", gif_file(GifKind::part_of_canvas, width, height)});
#ifdef MOBILENET_WITH_TIFF
  files.push_back({"LZW TIFF", tiff_file(TiffKind::rgb_strips, width, height, 6)});
  files.push_back({"tiled 16-bit TIFF", tiff_file(TiffKind::rgb_16_tiles, width, height)});
  files.push_back({"palette TIFF", tiff_file(TiffKind::palette_4, width, height)});
  files.push_back({"fax TIFF", tiff_file(TiffKind::fax, width, height)});
  files.push_back({"planar CMYK TIFF", tiff_file(TiffKind::inks_in_planes, width, height)});
  files.push_back({"JPEG TIFF", tiff_file(TiffKind::jpeg, width, height)});
  files.push_back({"YCbCr TIFF", tiff_file(TiffKind::luma_and_colours, width, height)});
#endif
#ifdef MOBILENET_WITH_HEIF
  if (writes_heic()) files.push_back({"HEIC", heic_file(HeicKind::upright, width, height, exif_block(6))});
#endif
#ifdef MOBILENET_WITH_AVIF
  if (writes_avif()) {
    files.push_back({"AVIF", avif_file(AvifKind::lossy, width, height, Orientation::rotate_90)});
    files.push_back({"10-bit alpha AVIF", avif_file(AvifKind::deep_with_alpha, width, height)});
  }
#endif
}

}  // namespace mobilenet::testing
