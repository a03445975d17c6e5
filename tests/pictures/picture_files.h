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

// Width x height pixels of noise. `exif` is put into the file unless empty.
Bytes jpeg_file(JpegKind kind, int width, int height, const Bytes& exif = {});
Bytes png_file(PngKind kind, int width, int height, const Bytes& exif = {});
Bytes webp_file(WebpKind kind, int width, int height, const Bytes& exif = {});
Bytes bmp_file(BmpKind kind, int width, int height);

// Makes all checksums right again, so that changed bytes reach the decoder behind them.
void repair_png_checksums(Bytes& file);

struct NamedFile {
  std::string name;
  Bytes bytes;
};
// One of each, with an EXIF block where the format has one.
std::vector<NamedFile> one_file_of_each_kind(int width, int height);

}  // namespace mobilenet::testing
