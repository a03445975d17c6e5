// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/rgb_picture.h"

#include <new>
#include <string>
#include <utility>

namespace mobilenet::cli {
namespace {

struct Packing {
  int bytes, red, green, blue;  // of a pixel; where its samples are
};

Packing packing_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::rgb:
      return {3, 0, 1, 2};
    case PixelFormat::bgr:
      return {3, 2, 1, 0};
    case PixelFormat::rgba:
      return {4, 0, 1, 2};
    case PixelFormat::bgra:
      return {4, 2, 1, 0};
    case PixelFormat::grey:
      return {1, 0, 0, 0};
    case PixelFormat::rgb_float_planes:
      break;
  }
  return {};
}

// The corner where the upright picture begins, and whether its rows are the stored columns.
struct Walk {
  bool from_right, from_bottom, swapped;
};

Walk walk_of(Orientation orientation) {
  switch (orientation) {
    case Orientation::upright:
      break;
    case Orientation::flip_horizontal:
      return {true, false, false};
    case Orientation::rotate_180:
      return {true, true, false};
    case Orientation::flip_vertical:
      return {false, true, false};
    case Orientation::transpose:
      return {false, false, true};
    case Orientation::rotate_90:
      return {false, true, true};
    case Orientation::transverse:
      return {true, true, true};
    case Orientation::rotate_270:
      return {true, false, true};
  }
  return {false, false, false};
}

}  // namespace

Result<RgbPicture> upright_picture(const ImageView& image) {
  const Packing packing = packing_of(image.format);
  if (image.planes[0] == nullptr || image.width <= 0 || image.height <= 0 || packing.bytes == 0) {
    return Error{ErrorCode::invalid_argument, "a picture of " + std::to_string(image.width) + 'x' +
                                                  std::to_string(image.height) +
                                                  " pixels cannot be drawn on: it needs packed bytes"};
  }
  const Walk walk = walk_of(image.orientation);
  std::ptrdiff_t right = walk.from_right ? -packing.bytes : packing.bytes;
  std::ptrdiff_t down = walk.from_bottom ? -image.row_bytes[0] : image.row_bytes[0];
  const auto* row = static_cast<const std::uint8_t*>(image.planes[0]) +
                    (walk.from_right ? std::ptrdiff_t{image.width - 1} * packing.bytes : 0) +
                    (walk.from_bottom ? (image.height - 1) * image.row_bytes[0] : 0);
  if (walk.swapped) std::swap(right, down);

  RgbPicture picture{image.upright_width(), image.upright_height(), {}};
  try {
    picture.rgb.resize(3 * static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "a picture of " + std::to_string(picture.width) + 'x' +
                                               std::to_string(picture.height) + " pixels does not fit in memory"};
  }
  std::uint8_t* out = picture.rgb.data();
  for (int y = 0; y < picture.height; ++y, row += down) {
    const std::uint8_t* in = row;
    for (int x = 0; x < picture.width; ++x, in += right, out += 3) {
      out[0] = in[packing.red];
      out[1] = in[packing.green];
      out[2] = in[packing.blue];
    }
  }
  return picture;
}

}  // namespace mobilenet::cli
