// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// An owned picture as a viewer sees it: what is drawn on and what is written to files.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mobilenet::cli {

struct RgbPicture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;  // [height][width][3], rows without padding

  std::uint8_t* pixel(int x, int y) { return rgb.data() + offset(x, y); }
  const std::uint8_t* pixel(int x, int y) const { return rgb.data() + offset(x, y); }

 private:
  std::size_t offset(int x, int y) const {
    return 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
  }
};

// A copy of `image` with its orientation applied. Any packed pixel format; alpha is ignored.
Result<RgbPicture> upright_picture(const ImageView& image);

}  // namespace mobilenet::cli
