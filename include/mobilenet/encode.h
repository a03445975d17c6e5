// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures as the bytes of a file: PNG through libspng, JPEG through libjpeg-turbo, each as far as it is built in. An
// optional part of the library, the CMake target mobilenet::encode.

#include <mobilenet/export.h>
#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace mobilenet {

enum class PictureFormat : std::uint8_t {
  png,  // loses nothing
  jpeg,
};

struct JpegOptions {
  int quality = 92;  // 1 to 100
  // Colour with half of the width and height (4:2:0), as video has it. With quality 80 half of the bytes and of the
  // time: what a stream wants.
  bool half_colour = false;
};

// By the ending of a file's name, in any case: .png, .jpg or .jpeg. Another ending, or a codec that this build lacks,
// is an error; ask before any work is done.
MOBILENET_API Result<PictureFormat> picture_format_of(const std::filesystem::path& path);

// The picture as a viewer sees it, upright, as convert() makes it. Not of float planes.
MOBILENET_API Result<std::vector<std::byte>> encode(const ImageView& picture, PictureFormat format,
                                                    const JpegOptions& jpeg = {});
// The same, with its EXIF block, made upright, and its colour profile where that describes RGB. What a format cannot
// hold is left out: JPEG has room for 64 KiB of EXIF and 16 MiB of profile.
MOBILENET_API Result<std::vector<std::byte>> encode(const Image& picture, PictureFormat format,
                                                    const JpegOptions& jpeg = {});

// A mask, [height][width], as an indexed PNG: the pixel is the class, the palette PASCAL VOC's;
// its text `Software` is "mobilenet.cpp".
MOBILENET_API Result<std::vector<std::byte>> encode_mask(std::span<const std::uint8_t> mask, int width, int height);

}  // namespace mobilenet
