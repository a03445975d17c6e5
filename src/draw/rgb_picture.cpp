// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/rgb_picture.h"

#include "base/error.h"

namespace mobilenet::drawing {

Result<RgbPicture> upright_pixels(Image& picture) {
  if (picture.orientation() != Orientation::upright) {
    MOBILENET_TRY(picture, std::as_const(picture).upright());
  }
  return RgbPicture{picture.width(), picture.height(), reinterpret_cast<std::uint8_t*>(picture.pixels().data())};
}

}  // namespace mobilenet::drawing
