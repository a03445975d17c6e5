// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/annotate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

#include "cli/canvas.h"
#include "cli/encode_picture.h"

namespace mobilenet::cli {

namespace {

// The pixels of grey and CMYK files became RGB, which their profiles do not describe.
bool is_rgb_profile(std::span<const std::byte> profile) {
  constexpr std::size_t kColourSpaceAt = 16;
  constexpr std::string_view kRgb = "RGB ";
  return profile.size() >= kColourSpaceAt + kRgb.size() &&
         std::memcmp(profile.data() + kColourSpaceAt, kRgb.data(), kRgb.size()) == 0;
}

}  // namespace

Result<void> can_annotate() { return can_draw(); }

int line_width(int picture_width, int picture_height) {
  const double side = std::sqrt(double{1} * picture_width * picture_height);
  const int shorter = std::min(picture_width, picture_height);
  return std::clamp(static_cast<int>(std::lround(0.4 + 0.0036 * side)), 1, std::clamp(shorter / 16, 1, 60));
}

int shade_width(int line) { return std::max(1, static_cast<int>(std::lround(0.3 * line))); }

Result<void> annotate_file(const Destination& destination, const Image& image,
                           const std::function<Result<void>(RgbPicture&)>& draw) {
  auto picture = upright_picture(image);
  if (!picture) return picture.error();
  if (auto drawn = draw(*picture); !drawn) return drawn;
  const auto exif = image.upright_exif();
  if (!exif) return exif.error();
  PictureTags tags{*exif, {}};
  if (is_rgb_profile(image.icc_profile())) tags.icc_profile = image.icc_profile();
  return write_picture(destination, *picture, tags);
}

}  // namespace mobilenet::cli
