// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures as files: PNG and JPEG, by the ending of the name. A file appears under its name only when it is complete.

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "cli/output/pending_file.h"
#include "cli/rgb_picture.h"

namespace mobilenet::cli {

enum class PictureFile { png, jpeg };

// What a picture file says beside its pixels; empty: nothing. What a format cannot hold is left out: JPEG has room for
// 64 KiB of EXIF and 16 MiB of profile.
struct PictureTags {
  std::span<const std::byte> exif;  // from its TIFF header on
  std::span<const std::byte> icc_profile;
};

// By the ending, in any case: .png, .jpg or .jpeg. Another ending, or a codec that this build lacks, is an error; ask
// before any work is done.
Result<PictureFile> picture_file_of(const std::filesystem::path& path);

// PNG, or JPEG of quality 92 with full colour resolution.
Result<void> write_picture(const Destination& destination, const RgbPicture& picture, const PictureTags& tags = {});

// `mask` is [height][width]. An indexed PNG: the pixel is the class, the palette PASCAL VOC's. Its name must end in
// .png.
Result<void> write_mask(const Destination& destination, std::span<const std::uint8_t> mask, int width, int height);

// The bytes of such files.
Result<std::vector<std::byte>> encode_png(const RgbPicture& picture, const PictureTags& tags = {});
Result<std::vector<std::byte>> encode_mask_png(std::span<const std::uint8_t> mask, int width, int height);
Result<std::vector<std::byte>> encode_jpeg(const RgbPicture& picture, const PictureTags& tags = {});

}  // namespace mobilenet::cli
