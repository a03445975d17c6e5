// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// HEIF (HEIC) through libheif: the primary picture, turned and cut as its container says. The orientation that EXIF and
// XMP repeat is that turn, so it is not told again. Alpha is dropped; more than 8 bits become 8.

#include <libheif/heif.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/quoted.h"
#include "base/run_time_library.h"
#include "pictures/decode.h"
#include "pictures/exif.h"

namespace mobilenet {
namespace {

// The functions of libheif, found when the first picture is decoded; here they hide those of its header.
// clang-format off
#define MOBILENET_HEIF_FUNCTIONS(F)                                                                               \
  F(heif_context_alloc) F(heif_context_free) F(heif_context_get_primary_image_handle)                             \
  F(heif_context_read_from_memory_without_copy) F(heif_decode_image) F(heif_decoding_options_alloc)               \
  F(heif_decoding_options_free) F(heif_image_get_height) F(heif_image_get_plane_readonly) F(heif_image_get_width) \
  F(heif_image_handle_get_height) F(heif_image_handle_get_list_of_metadata_block_IDs)                             \
  F(heif_image_handle_get_metadata) F(heif_image_handle_get_metadata_size)                                        \
  F(heif_image_handle_get_raw_color_profile) F(heif_image_handle_get_raw_color_profile_size)                      \
  F(heif_image_handle_get_width) F(heif_image_handle_release) F(heif_image_release)
// clang-format on
#define MOBILENET_POINTER(name) decltype(&::name) name = nullptr;
MOBILENET_HEIF_FUNCTIONS(MOBILENET_POINTER)  // NOLINT(readability-identifier-naming)
#undef MOBILENET_POINTER
constexpr RunTimeLibrary::Function kFunctions[] = {MOBILENET_HEIF_FUNCTIONS(MOBILENET_RUN_TIME_FUNCTION)};
constinit RunTimeLibrary heif_library("HEIC pictures", MOBILENET_SONAME_OF_HEIF, kFunctions);

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

Error refused(const PictureFile& file, const heif_error& error) {
  if (error.code == heif_error_Memory_allocation_error && error.subcode != heif_suberror_Security_limit_exceeded)
    return failure(ErrorCode::out_of_memory, file.name, ": not enough memory to decode it");
  const std::string why = error.message != nullptr ? printable(error.message) : "its decoder gives no reason";
  // Distributions may pack decoders apart.
  if (error.subcode == heif_suberror_Unsupported_codec || error.code == heif_error_Plugin_loading_error)
    return failure(ErrorCode::unsupported, file.name,
                   ": is a HEIF picture that libheif cannot decode with libde265: it is no HEIC, or the decoder is "
                   "missing (in Debian 13 it is the package libheif-plugin-libde265)");
  const bool unsupported =
      error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature;
  return failure(unsupported ? ErrorCode::unsupported : ErrorCode::bad_format, file.name,
                 ": is not a readable HEIF picture: ", why);
}

// The first EXIF block, from its TIFF header on, of the picture as it was turned.
std::vector<std::byte> exif_of(const heif_image_handle* handle) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) != 1) return {};
  std::vector<std::byte> block(heif_image_handle_get_metadata_size(handle, id));
  constexpr std::size_t kOffsetBytes = 4;  // what stands before: how many bytes to skip behind them
  if (block.size() <= kOffsetBytes || heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok)
    return {};
  std::size_t skipped = 0;
  for (std::size_t i = 0; i < kOffsetBytes; ++i) skipped = skipped << 8 | std::to_integer<std::size_t>(block[i]);
  if (skipped >= block.size() - kOffsetBytes) return {};
  const auto content = without_exif_prefix(std::span(block).subspan(kOffsetBytes + skipped));
  std::vector<std::byte> exif(content.begin(), content.end());
  if (const auto orientation = exif_orientation(exif)) make_exif_upright(exif, orientation_from_exif(*orientation));
  return exif;
}

std::vector<std::byte> icc_profile_of(const heif_image_handle* handle) {
  std::vector<std::byte> profile(heif_image_handle_get_raw_color_profile_size(handle));
  if (profile.empty() || heif_image_handle_get_raw_color_profile(handle, profile.data()).code != heif_error_Ok)
    return {};
  return profile;
}

}  // namespace

Result<DecodedPicture> decode_heif(const PictureFile& file) {
  MOBILENET_CHECK(check_stored_numbers(file, PixelKind::colours));
  if (const auto opened = heif_library.open(); !opened) return at(std::string(file.name), opened.error());
  const Owned<heif_context> context(heif_context_alloc(), heif_context_free);
  if (!context) throw std::bad_alloc();
  heif_error error = heif_context_read_from_memory_without_copy(context.get(), file.data(), file.bytes.size(), nullptr);
  if (error.code != heif_error_Ok) return refused(file, error);
  heif_image_handle* found = nullptr;
  error = heif_context_get_primary_image_handle(context.get(), &found);
  const Owned<heif_image_handle> handle(found, [](heif_image_handle* h) { heif_image_handle_release(h); });
  if (error.code != heif_error_Ok) return refused(file, error);

  // The size before decoding, which may lie: that of the pixels is looked at again below.
  const int width = heif_image_handle_get_width(handle.get()), height = heif_image_handle_get_height(handle.get());
  MOBILENET_TRY(auto picture, blank_picture(file, width, height));
  const Owned<heif_decoding_options> options(heif_decoding_options_alloc(), heif_decoding_options_free);
  if (!options) throw std::bad_alloc();
  options->convert_hdr_to_8bit = 1;
  options->strict_decoding = 1;
  options->decoder_id = "libde265";  // those of AV1 print what they think of broken files
  heif_image* decoded = nullptr;
  error = heif_decode_image(handle.get(), &decoded, heif_colorspace_RGB, heif_chroma_interleaved_RGB, options.get());
  const Owned<heif_image> image(decoded, [](heif_image* i) { heif_image_release(i); });
  if (error.code != heif_error_Ok) return refused(file, error);
  int row_bytes = 0;
  const std::uint8_t* const pixels = heif_image_get_plane_readonly(image.get(), heif_channel_interleaved, &row_bytes);
  const int decoded_width = heif_image_get_width(image.get(), heif_channel_interleaved),
            decoded_height = heif_image_get_height(image.get(), heif_channel_interleaved);
  if (pixels == nullptr || decoded_width != width || decoded_height != height || row_bytes < 3 * width)
    return failure(ErrorCode::bad_format, file.name, ": is not a readable HEIF picture: it says ", width, "x", height,
                   " pixels and holds ", decoded_width, "x", decoded_height);
  for (int y = 0; y < height; ++y)
    std::memcpy(picture.row(y), pixels + std::ptrdiff_t{y} * row_bytes, 3 * static_cast<std::size_t>(width));
  picture.orientation = Orientation::upright;
  picture.metadata.exif = exif_of(handle.get());
  picture.metadata.icc_profile = icc_profile_of(handle.get());
  return picture;
}

}  // namespace mobilenet
