// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pictures and masks as files: the format by the name of the file, and checks of what is encoded.

#include <mobilenet/encode.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/caught.h"
#include "base/error.h"
#include "base/letter_case.h"
#include "encode/encoders.h"

namespace mobilenet {
namespace {

using Bytes = std::vector<std::byte>;

// What is not built in is not linked: its calls stand behind `if constexpr`.
#ifdef MOBILENET_WITH_PNG
constexpr bool kPng = true;
#else
constexpr bool kPng = false;
#endif
#ifdef MOBILENET_WITH_JPEG
constexpr bool kJpeg = true;
#else
constexpr bool kJpeg = false;
#endif

// Of a format that is not built in.
Error writes_no(PictureFormat format) {
  const bool png = format == PictureFormat::png;
  return failure(ErrorCode::unsupported, "this build writes no ", png ? "PNG" : "JPEG", ": it was made without ",
                 png ? "libspng (Debian: libspng-dev)" : "libjpeg-turbo (Debian: libjpeg62-turbo-dev)");
}

bool is_built_in(PictureFormat format) { return format == PictureFormat::png ? kPng : kJpeg; }

bool is_rgb_without_padding(const ImageView& view) {
  return view.memory == Memory::host && view.format == PixelFormat::rgb && view.orientation == Orientation::upright &&
         view.planes[0] != nullptr && view.width > 0 && view.height > 0 &&
         view.row_bytes[0] == std::ptrdiff_t{3} * view.width;
}

Result<Bytes> encode_with(const ImageView& view, PictureFormat format, const encoding::PictureTags& tags,
                          const JpegOptions& jpeg) {
  if (!is_built_in(format)) return writes_no(format);
  std::optional<Image> copy;
  if (!is_rgb_without_padding(view)) {
    MOBILENET_TRY(copy, Image::upright(view));
  }
  const ImageView upright = copy ? copy->view() : view;
  const encoding::RgbPicture picture{upright.width, upright.height,
                                     static_cast<const std::uint8_t*>(upright.planes[0])};
  if constexpr (kPng) {
    if (format == PictureFormat::png) return encoding::encode_png(picture, tags);
  }
  if constexpr (kJpeg) {
    if (format == PictureFormat::jpeg) return encoding::encode_jpeg(picture, tags, jpeg);
  }
  return writes_no(format);
}

// The pixels of grey and CMYK files became RGB, which their profiles do not describe.
bool is_rgb_profile(std::span<const std::byte> profile) {
  constexpr std::size_t kColourSpaceAt = 16;
  constexpr std::string_view kRgb = "RGB ";
  return profile.size() >= kColourSpaceAt + kRgb.size() &&
         std::memcmp(profile.data() + kColourSpaceAt, kRgb.data(), kRgb.size()) == 0;
}

}  // namespace

Result<PictureFormat> picture_format_of(const std::filesystem::path& path) try {
  const std::string ending = lower_case(path.extension().string());
  const bool png = ending == ".png", jpeg = ending == ".jpg" || ending == ".jpeg";
  if (!png && !jpeg)
    return failure(ErrorCode::invalid_argument, path.string(), ": pictures are written to .png, .jpg or .jpeg files");
  const PictureFormat format = png ? PictureFormat::png : PictureFormat::jpeg;
  if (!is_built_in(format)) return at(path.string(), writes_no(format));
  return format;
} catch (...) {
  return caught("the name of a picture");
}

Result<Bytes> encode(const ImageView& picture, PictureFormat format, const JpegOptions& jpeg) try {
  return encode_with(picture, format, {}, jpeg);
} catch (...) {
  return caught("encoding a picture");
}

Result<Bytes> encode(const Image& picture, PictureFormat format, const JpegOptions& jpeg) try {
  MOBILENET_TRY(const Bytes exif, picture.upright_exif());
  encoding::PictureTags tags{exif, {}};
  if (is_rgb_profile(picture.icc_profile())) tags.icc_profile = picture.icc_profile();
  return encode_with(picture, format, tags, jpeg);
} catch (...) {
  return caught("encoding a picture");
}

Result<Bytes> encode_mask(std::span<const std::uint8_t> mask, int width, int height) try {
  if constexpr (kPng) {
    return encoding::encode_mask_png(mask, width, height);
  } else {
    return writes_no(PictureFormat::png);
  }
} catch (...) {
  return caught("encoding a mask");
}

}  // namespace mobilenet
