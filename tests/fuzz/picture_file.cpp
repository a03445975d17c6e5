// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Picture files of every codec: a picture whose pixels do not depend on old memory, or a sentence; as masks too.

#include <mobilenet/image.h>

#include <cstring>

#include "fuzz/fuzz.h"

using namespace mobilenet;

namespace {

constexpr DecodeOptions kSmallPictures{.max_pixels = 1 << 18};

// Leaves `fill` on the stack, where the decoder's tables will lie.
[[gnu::noinline]] void fill_stack(int fill) {
  volatile unsigned char below[1 << 15];
  for (volatile unsigned char& byte : below) byte = static_cast<unsigned char>(fill);
}

[[gnu::noinline]] Result<Image> decode_over(std::span<const std::byte> file, int fill) {
  fill_stack(fill);
  return Image::decode(file, kSmallPictures);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::ExactCopy file(data, size);
  const Result<Image> image = decode_over(file.bytes(), 0x11);
  if (!fuzz::succeeds(image)) return 0;
  const auto pixels = static_cast<std::int64_t>(image->width()) * image->height();
  fuzz::expect(image->width() > 0 && image->height() > 0 && pixels <= kSmallPictures.max_pixels, "an impossible size");
  const Result<Image> again = decode_over(file.bytes(), 0xee);
  fuzz::expect(static_cast<bool>(again), "decodes once, and then not");
  fuzz::expect(again->width() == image->width() && again->height() == image->height(), "decodes to another size");
  // libde265 1.0.11 leaves pixels of slices that are missing as they were.
  const bool heic = size >= 12 && std::memcmp(data + 4, "ftyp", 4) == 0 && image->orientation() == Orientation::upright;
  fuzz::expect(
      heic || std::memcmp(image->view().planes[0], again->view().planes[0], static_cast<std::size_t>(pixels) * 3) == 0,
      "decodes to other pixels: old memory");
  const auto smaller =
      Image::decode(file.bytes(), {.max_pixels = kSmallPictures.max_pixels, .shorter_side = 4, .to_srgb = true});
  if (fuzz::succeeds(smaller))
    fuzz::expect(smaller->width() <= image->width() && smaller->height() <= image->height(), "a larger picture");
  const auto mask =
      Image::decode(file.bytes(), {.max_pixels = kSmallPictures.max_pixels, .stored_numbers = StoredNumbers::numbers});
  if (fuzz::succeeds(mask))
    fuzz::expect(mask->width() == image->width() && mask->height() == image->height(), "a mask of another size");
  return 0;
}
