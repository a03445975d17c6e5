// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PNG through libspng's encoder.

#include <spng.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "encode/encoders.h"

namespace mobilenet::encoding {
namespace {

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};

Error failed(std::string_view what, int code) {
  const ErrorCode kind = code == SPNG_EMEM ? ErrorCode::out_of_memory : ErrorCode::invalid_argument;
  return failure(kind, "cannot make a PNG, ", what, ": ", spng_strerror(code));
}

int set_tags(spng_ctx* context, const PictureTags& tags) {
  // The encoder only reads; its structs have pointers to what may be changed.
  const auto text = [](std::span<const std::byte> bytes) {
    return const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
  };
  if (!tags.exif.empty()) {
    spng_exif exif{tags.exif.size(), text(tags.exif)};
    if (const int code = spng_set_exif(context, &exif)) return code;
  }
  if (!tags.icc_profile.empty()) {
    spng_iccp profile{"ICC profile", tags.icc_profile.size(), text(tags.icc_profile)};
    if (const int code = spng_set_iccp(context, &profile)) return code;
  }
  return 0;
}

// PASCAL VOC's colour map: bits 0, 1, 2 of the index are the high bits of red, green and blue, the next three the bits
// below, and so on. 0 is black, 15 (person) is 192 128 128.
spng_plte_entry voc_colour(unsigned index) {
  spng_plte_entry colour{0, 0, 0, 255};
  for (unsigned high = 7, rest = index; rest != 0; --high, rest >>= 3) {
    colour.red = static_cast<std::uint8_t>(colour.red | (rest & 1) << high);
    colour.green = static_cast<std::uint8_t>(colour.green | (rest >> 1 & 1) << high);
    colour.blue = static_cast<std::uint8_t>(colour.blue | (rest >> 2 & 1) << high);
  }
  return colour;
}

// Says in the file who made it, in the keyword that PNG has for that.
int set_software(spng_ctx* context) {
  spng_text text{};
  std::snprintf(text.keyword, sizeof text.keyword, "Software");
  text.type = SPNG_TEXT;
  static char software[] = "mobilenet.cpp";  // the encoder keeps the pointer
  text.text = software;
  text.length = sizeof software - 1;
  return spng_set_text(context, &text, 1);
}

// A PNG of 8-bit samples that fill its size; `palette`, of a mask, may be null.
Result<std::vector<std::byte>> encode(std::span<const std::uint8_t> samples, int width, int height,
                                      spng_color_type colour_type, spng_plte* palette, const PictureTags& tags) {
  const std::unique_ptr<spng_ctx, FreeContext> context(spng_ctx_new(SPNG_CTX_ENCODER));
  if (!context) return failed("creating the encoder", SPNG_EMEM);

  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(width);
  header.height = static_cast<std::uint32_t>(height);
  header.bit_depth = 8;
  header.color_type = static_cast<std::uint8_t>(colour_type);
  if (int code = spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1)) return failed("setting it up", code);
  if (int code = spng_set_ihdr(context.get(), &header)) return failed("writing the header", code);
  if (palette != nullptr) {
    if (int code = spng_set_plte(context.get(), palette)) return failed("writing the palette", code);
    if (int code = set_software(context.get())) return failed("writing who made it", code);
  }
  if (int code = set_tags(context.get(), tags)) return failed("writing EXIF and colour profile", code);
  if (int code = spng_encode_image(context.get(), samples.data(), samples.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE)) {
    return failed("writing the pixels", code);
  }
  std::size_t size = 0;
  int code = 0;
  void* file = spng_get_png_buffer(context.get(), &size, &code);
  if (file == nullptr) return failed("finishing", code);
  const std::unique_ptr<void, decltype(&std::free)> owner(file, &std::free);
  const auto* first = static_cast<const std::byte*>(file);
  return std::vector<std::byte>(first, first + size);
}

}  // namespace

Result<std::vector<std::byte>> encode_png(const RgbPicture& picture, const PictureTags& tags) {
  const std::size_t bytes = 3 * static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  return encode({picture.rgb, bytes}, picture.width, picture.height, SPNG_COLOR_TYPE_TRUECOLOR, nullptr, tags);
}

Result<std::vector<std::byte>> encode_mask_png(std::span<const std::uint8_t> mask, int width, int height) {
  if (width <= 0 || height <= 0 || mask.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
    return failure(ErrorCode::invalid_argument, "cannot make a PNG of ", width, "x", height, " pixels from ",
                   mask.size(), " bytes");
  spng_plte palette{};
  palette.n_entries = 256;
  for (unsigned i = 0; i < palette.n_entries; ++i) palette.entries[i] = voc_colour(i);
  return encode(mask, width, height, SPNG_COLOR_TYPE_INDEXED, &palette, {});
}

}  // namespace mobilenet::encoding
