// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Masks in PNG through libspng: the stored values, not the colours that a palette gives them.

#include <spng.h>

#include <limits>
#include <memory>

#include "cli/annotations.h"

namespace mobilenet::cli {

Result<IndexMask> decode_index_png(std::span<const std::byte> file, const std::string& name, std::int64_t max_pixels) {
  const auto refused = [&](int code) {
    const ErrorCode kind = code == SPNG_EMEM ? ErrorCode::out_of_memory : ErrorCode::bad_format;
    return Error{kind, name + ": is not a readable PNG: " + spng_strerror(code)};
  };
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return refused(SPNG_EMEM);
  constexpr std::size_t kMaxChunk = std::size_t{64} << 20;  // texts and profiles that unpack to more are bombs
  spng_ihdr header{};
  if (const int code = spng_set_chunk_limits(context.get(), kMaxChunk, kMaxChunk)) return refused(code);
  if (const int code = spng_set_png_buffer(context.get(), file.data(), file.size())) return refused(code);
  if (const int code = spng_get_ihdr(context.get(), &header)) return refused(code);
  const bool has_indices = header.color_type == SPNG_COLOR_TYPE_INDEXED ||
                           (header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth <= 8);
  if (!has_indices) {
    return Error{ErrorCode::bad_format, name +
                                            ": is no mask: its pixels are colours, not class numbers (a PNG mask is "
                                            "indexed, or grey with up to 8 bits)"};
  }
  const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
  if ((max_pixels > 0 && pixels > static_cast<std::uint64_t>(max_pixels)) ||
      header.width > static_cast<std::uint32_t>(std::numeric_limits<int>::max()) ||
      header.height > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::bad_format, name + ": has more pixels than --max-pixels allows"};
  }
  std::size_t raw_bytes = 0;
  if (const int code = spng_decoded_image_size(context.get(), SPNG_FMT_RAW, &raw_bytes)) return refused(code);
  std::vector<std::uint8_t> raw(raw_bytes);  // zeros: the decoder ORs the small samples of interlaced pictures into it
  if (const int code = spng_decode_image(context.get(), raw.data(), raw_bytes, SPNG_FMT_RAW, 0)) return refused(code);

  IndexMask mask{static_cast<int>(header.width), static_cast<int>(header.height), {}};
  if (header.bit_depth == 8) {
    mask.pixels = std::move(raw);
    return mask;
  }
  mask.pixels.reserve(static_cast<std::size_t>(pixels));
  const std::size_t row_bytes = raw_bytes / header.height, depth = header.bit_depth;
  const unsigned largest = (1u << depth) - 1;
  for (std::size_t y = 0; y < header.height; ++y) {
    for (std::size_t x = 0; x < header.width; ++x) {
      const std::size_t bit = x * depth;
      const unsigned eight = raw[y * row_bytes + bit / 8];
      mask.pixels.push_back(static_cast<std::uint8_t>(eight >> (8 - depth - bit % 8) & largest));
    }
  }
  return mask;
}

}  // namespace mobilenet::cli
