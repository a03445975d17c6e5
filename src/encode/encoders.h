// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The encoders behind <mobilenet/encode.h>, one file each; those whose library was not found are declared but not
// built.

#include <mobilenet/encode.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mobilenet::encoding {

struct RgbPicture {
  int width = 0, height = 0;
  const std::uint8_t* rgb = nullptr;  // [height][width][3], rows without padding
};

// What a picture file says beside its pixels; empty: nothing. What a format cannot hold is left out.
struct PictureTags {
  std::span<const std::byte> exif;  // from its TIFF header on
  std::span<const std::byte> icc_profile;
};

Result<std::vector<std::byte>> encode_png(const RgbPicture& picture, const PictureTags& tags);
Result<std::vector<std::byte>> encode_jpeg(const RgbPicture& picture, const PictureTags& tags,
                                           const JpegOptions& options);
// [height][width] numbers.
Result<std::vector<std::byte>> encode_mask_png(std::span<const std::uint8_t> mask, int width, int height);

}  // namespace mobilenet::encoding
