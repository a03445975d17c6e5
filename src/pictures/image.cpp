// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Image: a picture from the file to its pixels.

#include <mobilenet/image.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "base/file_bytes.h"
#include "base/huge_pages.h"
#include "pictures/decode.h"
#include "pictures/exif.h"
#include "pictures/metadata.h"
#include "pictures/picture_kind.h"
#include "pictures/srgb.h"
#include "pictures/upright_pixels.h"

namespace mobilenet {
Orientation orientation_from_exif(int value) {
  return value >= 1 && value <= 8 ? static_cast<Orientation>(value) : Orientation::upright;
}

Image::Image(DecodedPicture&& picture)
    : rgb_(std::move(picture.rgb)),
      exif_(std::move(picture.metadata.exif)),
      icc_profile_(std::move(picture.metadata.icc_profile)),
      width_(picture.width),
      height_(picture.height) {}

Image::Image(std::unique_ptr<std::byte[]> rgb, int width, int height, Orientation orientation)
    : rgb_(rgb.release(), [](void* pixels) { delete[] static_cast<std::byte*>(pixels); }),
      width_(width),
      height_(height),
      orientation_(orientation) {}

Result<Image> Image::upright(const ImageView& view) try {
  MOBILENET_CHECK(UprightPixels::check(view));
  const int width = view.upright_width(), height = view.upright_height();
  const std::size_t bytes = 3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  auto rgb = std::make_unique_for_overwrite<std::byte[]>(bytes);
  MOBILENET_CHECK(convert(view, PixelBuffer::packed(rgb.get(), PixelFormat::rgb, width, height)));
  return Image(std::move(rgb), width, height, Orientation::upright);
} catch (...) {
  return caught("a copy of a picture");
}

Result<Image> Image::upright() const try {
  MOBILENET_TRY(Image copy, upright(view()));
  MOBILENET_TRY(copy.exif_, upright_exif());
  copy.icc_profile_ = icc_profile_;
  return copy;
} catch (...) {
  return caught("a copy of a picture");
}

std::span<std::byte> Image::pixels() {
  return {rgb_.get(), 3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)};
}

ImageView Image::view() const {
  ImageView view = ImageView::packed(rgb_.get(), PixelFormat::rgb, width_, height_);
  view.orientation = orientation_;
  return view;
}

Result<Image> Image::open(const std::filesystem::path& path, const DecodeOptions& options) try {
  // The largest pixels are those of PNG with four samples of 16 bits; they need not be compressed.
  constexpr std::uint64_t kPixelBytes = 8, kBesidePixels = std::uint64_t{64} << 20;
  FileLimits limits;
  if (options.max_pixels > 0)
    limits.max_bytes =
        std::min(limits.max_bytes, static_cast<std::uint64_t>(options.max_pixels)) * kPixelBytes + kBesidePixels;
  limits.accept = [&](std::span<const std::byte> head) -> Result<void> {
    const auto codec = codec_of(head, path.native());
    return codec ? Result<void>() : codec.error();
  };
  MOBILENET_TRY(const auto file, FileBytes::read(path, limits));
  return decode(file->bytes(), options, path.native());
} catch (...) {
  return caught(path.native());
}

Result<Image> Image::decode(std::span<const std::byte> file, const DecodeOptions& options, std::string_view name) try {
  MOBILENET_TRY(const Codec codec, codec_of(file, name));
  if (options.shorter_side < 0)
    return failure(ErrorCode::invalid_argument, name, ": cannot be decoded to a shorter side of ", options.shorter_side,
                   " pixels");
  const PictureFile picture_file{file, name, options.max_pixels, options.stored_numbers, options.shorter_side};
  MOBILENET_TRY(auto picture, codec.decode(picture_file));
  if (options.to_srgb && options.stored_numbers == StoredNumbers::colours)
    MOBILENET_CHECK(convert_to_srgb(picture_file, picture));
  const Orientation orientation = picture.orientation.value_or(orientation_of(picture.metadata));
  Image image(std::move(picture));
  image.set_orientation(orientation);
  return image;
} catch (...) {
  return caught(name);
}

Result<std::vector<std::byte>> Image::upright_exif() const try {
  std::vector<std::byte> copy = exif_;
  make_exif_upright(copy, orientation_);
  return copy;
} catch (...) {
  return caught("EXIF");
}

Colours numbers_as_colours() {
  Colours colours;
  for (std::size_t i = 0; i < colours.size(); ++i) colours[i].fill(static_cast<unsigned char>(i));
  return colours;
}

Result<void> check_stored_numbers(const PictureFile& file, PixelKind kind) {
  if (file.stored_numbers == StoredNumbers::colours || kind == PixelKind::numbers) return {};
  return failure(ErrorCode::bad_format, file.name,
                 ": is no mask: its pixels are colours, not class numbers (a mask is an indexed PNG, BMP, GIF or "
                 "TIFF, or a PNG or TIFF that is grey with up to 8 bits)");
}

Result<void> check_size(const PictureFile& file, std::int64_t width, std::int64_t height) {
  constexpr std::int64_t kMaxSide = 1 << 30;  // keeps every product with the bytes of a pixel inside 64 bits
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide)
    return failure(ErrorCode::bad_format, file.name, ": has an impossible size of ", width, "x", height, " pixels");
  if (file.max_pixels > 0 && width * height > file.max_pixels)
    return failure(ErrorCode::out_of_memory, file.name, ": has ", width, "x", height,
                   " pixels, more than the limit of ", file.max_pixels);
  return {};
}

Result<DecodedPicture> blank_picture(const PictureFile& file, std::int64_t width, std::int64_t height) {
  MOBILENET_CHECK(check_size(file, width, height));
  const auto bytes = static_cast<std::size_t>(width * height) * 3;
  // Large pictures come as fresh pages of the system, which are zero already: clearing them costs nothing.
  Pixels rgb(static_cast<std::byte*>(std::calloc(bytes, 1)), &std::free);
  if (!rgb) return failure(ErrorCode::out_of_memory, file.name, ": needs ", bytes, " bytes of memory");
  wish_huge_pages(rgb.get(), bytes);
  return DecodedPicture{std::move(rgb), static_cast<int>(width), static_cast<int>(height)};
}

}  // namespace mobilenet
