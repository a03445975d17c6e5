// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/encode_picture.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "cli/output/files.h"

namespace mobilenet::cli {
namespace {

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

Error not_built_in(std::string_view kind, std::string_view library) {
  return Error{ErrorCode::unsupported,
               "this build writes no " + std::string(kind) + ": it was made without " + std::string(library)};
}

Result<std::vector<std::byte>> encode(const RgbPicture& picture, const PictureTags& tags, PictureFile kind) {
  if constexpr (kPng) {
    if (kind == PictureFile::png) return encode_png(picture, tags);
  }
  if constexpr (kJpeg) {
    if (kind == PictureFile::jpeg) return encode_jpeg(picture, tags);
  }
  return Error{ErrorCode::unsupported, "this build cannot write such files"};  // picture_file_of() has said so before
}

Error of_file(const std::filesystem::path& path, const Error& error) {
  return Error{error.code, path.string() + ": " + error.message};
}

Result<void> write_encoded(const Destination& destination, const Result<std::vector<std::byte>>& file) {
  if (!file) return of_file(destination.path, file.error());
  const std::array<std::span<const std::byte>, 1> parts{*file};
  return write_file(destination, parts);
}

}  // namespace

Result<PictureFile> picture_file_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (ending == ".png") {
    if (!kPng) return of_file(path, not_built_in("PNG", "libspng (Debian: libspng-dev)"));
    return PictureFile::png;
  }
  if (ending == ".jpg" || ending == ".jpeg") {
    if (!kJpeg) return of_file(path, not_built_in("JPEG", "libjpeg-turbo (Debian: libjpeg62-turbo-dev)"));
    return PictureFile::jpeg;
  }
  return Error{ErrorCode::invalid_argument, path.string() + ": pictures are written to .png, .jpg or .jpeg files"};
}

Result<void> write_picture(const Destination& destination, const RgbPicture& picture, const PictureTags& tags) {
  const auto kind = picture_file_of(destination.path);
  if (!kind) return kind.error();
  return write_encoded(destination, encode(picture, tags, *kind));
}

Result<void> write_mask(const Destination& destination, std::span<const std::uint8_t> mask, int width, int height) {
  const std::filesystem::path& path = destination.path;
  const auto kind = picture_file_of(path);
  if (kind && *kind != PictureFile::png) {
    return Error{ErrorCode::invalid_argument,
                 path.string() + ": a mask is written as a .png file, which keeps every number as it is"};
  }
  if (!kind) return kind.error();
  if constexpr (kPng) {
    return write_encoded(destination, encode_mask_png(mask, width, height));
  } else {
    return of_file(path, not_built_in("PNG", "libspng (Debian: libspng-dev)"));
  }
}

}  // namespace mobilenet::cli
