// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/write_picture.h"

#include <mobilenet/draw.h>
#include <mobilenet/encode.h>

#include <string>
#include <vector>

#include "cli/output/files.h"
#include "cli/output/output.h"

namespace mobilenet::cli {
namespace {

Result<void> write_encoded(const Destination& destination, const Result<std::vector<std::byte>>& file) {
  if (!file) return Error{file.error().code, destination.path.string() + ": " + file.error().message};
  const std::span<const std::byte> part = *file;
  return write_file(destination, {&part, 1});
}

}  // namespace

Result<void> annotate(const Destination& destination, const Image& image,
                      const std::function<Result<void>(Image&)>& draw_on) {
  const auto format = picture_format_of(destination.path);
  if (!format) return format.error();
  auto copy = image.upright();
  if (!copy) return copy.error();
  if (auto drawn = draw_on(*copy); !drawn) return drawn;
  return write_encoded(destination, encode(*copy, *format));
}

void note_label(std::string_view label) {
  static bool said = false;
  if (said || can_write(label)) return;
  said = true;
  say("no font here has the letters of '" + printable(label) +
      "': such classes are drawn with their numbers (Debian: fonts-noto-cjk, fonts-noto-color-emoji, "
      "fonts-noto-core)");
}

Result<void> write_mask(const Destination& destination, std::span<const std::uint8_t> mask, int width, int height) {
  const auto format = picture_format_of(destination.path);
  if (!format) return format.error();
  if (*format != PictureFormat::png) {
    return Error{ErrorCode::invalid_argument, destination.path.string() +
                                                  ": a mask is written as a .png file, which keeps every number as it "
                                                  "is"};
  }
  return write_encoded(destination, encode_mask(mask, width, height));
}

}  // namespace mobilenet::cli
