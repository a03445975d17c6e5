// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// AVIF through libavif, which PIL uses too: of a sequence the first frame; alpha is dropped, where colours are
// multiplied by it after a division; more than 8 bits become 8. The container says how to turn the picture, and EXIF
// and XMP repeat it, so they are not asked. Of the decoders behind libavif dav1d is taken where it is there: it decodes
// 12 megapixels in a quarter of libaom's time and a third of its memory, and refuses coded sizes beyond the limit; but
// it writes to standard error what it finds wrong.

#include <avif/avif.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/run_time_library.h"
#include "pictures/decode.h"

namespace mobilenet {
namespace {

// The functions of libavif, found when the first picture is decoded; here they hide those of its header.
// clang-format off
#define MOBILENET_AVIF_FUNCTIONS(F)                                                                          \
  F(avifDecoderCreate) F(avifDecoderDestroy) F(avifDecoderNextImage) F(avifDecoderParse) F(avifDecoderReset) \
  F(avifDecoderSetIOMemory) F(avifImageYUVToRGB) F(avifRGBImageSetDefaults) F(avifResultToString)
// clang-format on
#define MOBILENET_POINTER(name) decltype(&::name) name = nullptr;
MOBILENET_AVIF_FUNCTIONS(MOBILENET_POINTER)  // NOLINT(readability-identifier-naming)
#undef MOBILENET_POINTER
constexpr RunTimeLibrary::Function kFunctions[] = {MOBILENET_AVIF_FUNCTIONS(MOBILENET_RUN_TIME_FUNCTION)};
constinit RunTimeLibrary avif_library("AVIF pictures", MOBILENET_SONAME_OF_AVIF, kFunctions);

// A turn against the clock, then a mirror, as one of EXIF's eight.
Orientation orientation_of(const avifImage& image) {
#if AVIF_VERSION_MAJOR >= 1
  const int left_right = image.imir.axis;
#else
  const int left_right = image.imir.mode;
#endif
  const bool mirrored = (image.transformFlags & AVIF_TRANSFORM_IMIR) != 0;
  const int quarters = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3 : 0;
  using enum Orientation;
  constexpr Orientation kTurned[4] = {upright, rotate_270, rotate_180, rotate_90};
  constexpr Orientation kTopBottom[4] = {flip_vertical, transpose, flip_horizontal, transverse};
  constexpr Orientation kLeftRight[4] = {flip_horizontal, transverse, flip_vertical, transpose};
  return !mirrored ? kTurned[quarters] : left_right != 0 ? kLeftRight[quarters] : kTopBottom[quarters];
}

std::vector<std::byte> bytes_of(const avifRWData& data) {
  const auto* const first = reinterpret_cast<const std::byte*>(data.data);
  return {first, first + data.size};
}

}  // namespace

Result<DecodedPicture> decode_avif(const PictureFile& file) {
  MOBILENET_CHECK(check_stored_numbers(file, PixelKind::colours));
  if (const auto opened = avif_library.open(); !opened) return at(std::string(file.name), opened.error());
  const auto refused = [&](avifResult code) {
    if (code == AVIF_RESULT_OUT_OF_MEMORY) return failure(ErrorCode::out_of_memory, file.name, ": not enough memory");
    const bool no_codec = code == AVIF_RESULT_NO_CODEC_AVAILABLE;
    return failure(no_codec ? ErrorCode::unsupported : ErrorCode::bad_format, file.name,
                   ": is not a readable AVIF picture: ",
                   no_codec                             ? "libavif was built without a decoder"
                   : code == AVIF_RESULT_TRUNCATED_DATA ? "it is truncated"
                                                        : avifResultToString(code));
  };
  const std::unique_ptr<avifDecoder, void (*)(avifDecoder*)> decoder(avifDecoderCreate(), avifDecoderDestroy);
  if (!decoder) throw std::bad_alloc();
  decoder->strictFlags &= ~static_cast<avifStrictFlags>(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);  // as PIL
  decoder->ignoreXMP = AVIF_TRUE;
  if (const avifResult code = avifDecoderSetIOMemory(decoder.get(), file.data(), file.bytes.size());
      code != AVIF_RESULT_OK)
    return refused(code);
  if (const avifResult code = avifDecoderParse(decoder.get()); code != AVIF_RESULT_OK) return refused(code);
  MOBILENET_TRY(auto picture, blank_picture(file, decoder->image->width, decoder->image->height));
  // What the coded picture says of its size may be another thing than what its container says.
  if (file.max_pixels > 0)
    decoder->imageSizeLimit =
        static_cast<std::uint32_t>(std::min<std::int64_t>(decoder->imageSizeLimit, file.max_pixels));
  if (const avifResult code = avifDecoderReset(decoder.get()); code != AVIF_RESULT_OK) return refused(code);
  if (const avifResult code = avifDecoderNextImage(decoder.get()); code != AVIF_RESULT_OK) return refused(code);

  const avifImage& image = *decoder->image;
  if (static_cast<int>(image.width) != picture.width || static_cast<int>(image.height) != picture.height)
    return failure(ErrorCode::bad_format, file.name, ": is not a readable AVIF picture: it says ", picture.width, "x",
                   picture.height, " pixels and holds ", image.width, "x", image.height);
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &image);
  rgb.depth = 8;
  const auto width = static_cast<std::size_t>(picture.width), height = static_cast<std::size_t>(picture.height);
  const bool alpha = image.alphaPlane != nullptr;  // libavif would blend with black where it writes none
  std::vector<unsigned char> rgba(alpha ? 4 * width * height : 0);
  rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = alpha ? rgba.data() : picture.row(0);
  rgb.rowBytes = static_cast<std::uint32_t>((alpha ? 4 : 3) * width);
  if (const avifResult code = avifImageYUVToRGB(&image, &rgb); code != AVIF_RESULT_OK) return refused(code);
  for (std::size_t i = 0; i < rgba.size() / 4; ++i) std::copy_n(rgba.data() + 4 * i, 3, picture.row(0) + 3 * i);
  picture.orientation = orientation_of(image);
  const std::vector<std::byte> exif = bytes_of(image.exif);
  const auto block = without_exif_prefix(exif);
  picture.metadata.exif.assign(block.begin(), block.end());
  picture.metadata.icc_profile = bytes_of(image.icc);
  return picture;
}

}  // namespace mobilenet
