// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Small picture files of every kind, made in memory with the codecs' own encoders.

#include <mobilenet/image.h>

#include <cstddef>
#include <string>
#include <vector>

namespace mobilenet::testing {

using Bytes = std::vector<std::byte>;

// A TIFF block that holds nothing but an orientation tag.
Bytes exif_block(int orientation);

enum class JpegKind { baseline, progressive, grey, cmyk };
enum class PngKind { rgb, rgba, palette, grey_16, grey_2_interlaced };
enum class WebpKind { lossy, lossless };
enum class BmpKind { bits_24, bits_8, bits_32_top_down };
enum class GifKind { whole, interlaced, part_of_canvas };  // of 128 colours; of the last 5 is transparent
enum class TiffKind { rgb_strips, rgb_16_tiles, palette_4, fax, inks_in_planes, jpeg, luma_and_colours };
enum class HeicKind { upright, turned };  // turned: to be shown after a quarter turn clockwise
enum class AvifKind { lossy, deep_with_alpha };

// Width x height pixels of noise. `exif` is put into the file unless empty.
Bytes jpeg_file(JpegKind kind, int width, int height, const Bytes& exif = {});
Bytes png_file(PngKind kind, int width, int height, const Bytes& exif = {});
Bytes webp_file(WebpKind kind, int width, int height, const Bytes& exif = {});
Bytes bmp_file(BmpKind kind, int width, int height);
Bytes gif_file(GifKind kind, int width, int height);

// Only where their libraries are (MOBILENET_WITH_TIFF, _HEIF, _AVIF); orientation 0 is none.
Bytes tiff_file(TiffKind kind, int width, int height, int orientation = 0, const Bytes& icc_profile = {});
Bytes heic_file(HeicKind kind, int width, int height, const Bytes& exif = {}, const Bytes& icc_profile = {});
Bytes avif_file(AvifKind kind, int width, int height, Orientation orientation = Orientation::upright,
                const Bytes& exif = {}, const Bytes& icc_profile = {});
// Whether the libraries have an encoder.
bool writes_heic();
bool writes_avif();

// Makes all checksums right again, so that changed bytes reach the decoder behind them.
void repair_png_checksums(Bytes& file);

struct NamedFile {
  std::string name;
  Bytes bytes;
};
// One of each, with an EXIF block where the format has one.
std::vector<NamedFile> one_file_of_each_kind(int width, int height);
// Those of GIF, and of what this build and its libraries write of TIFF, HEIC and AVIF.
void append_optional_kinds(int width, int height, std::vector<NamedFile>& files);

}  // namespace mobilenet::testing
