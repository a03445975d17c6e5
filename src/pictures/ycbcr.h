// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From luma and two colours to red, green and blue, in integers, so that every device gets the same bytes. In a header,
// because libraries beside the core use it.

#include <mobilenet/image.h>

#include <algorithm>
#include <cstdint>

namespace mobilenet {

namespace ycbcr {

inline constexpr int kFractionBits = 16, kHalf = 1 << (kFractionBits - 1), kNoColour = 128;

inline std::int32_t fixed(double value) {
  return static_cast<std::int32_t>(value * (1 << kFractionBits) + (value < 0 ? -0.5 : 0.5));
}

inline std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

}  // namespace ycbcr

// In 65536ths: red = luma * (Y - black) + red_of_cr * (Cr - 128), and so on; the sum is rounded to nearest and bounded
// to a byte. Products stay below 2^26. A rounded coefficient is off by 2^-17 at most, a result by half a step and
// 0.003.
struct YcbcrMatrix {
  std::int32_t black = 0, luma = 0;
  std::int32_t red_of_cr = 0, green_of_cb = 0, green_of_cr = 0, blue_of_cb = 0;
};
inline YcbcrMatrix ycbcr_matrix(ColourMatrix matrix, ColourRange range) {
  using ycbcr::fixed;
  // What red and blue count in luma; green is the rest.
  const bool is_601 = matrix == ColourMatrix::bt601, is_limited = range == ColourRange::limited;
  const double red = is_601 ? 0.299 : 0.2126, blue = is_601 ? 0.114 : 0.0722, green = 1 - red - blue;
  const double luma = is_limited ? 255.0 / 219 : 1, colour = is_limited ? 255.0 / 224 : 1;
  return {is_limited ? 16 : 0,
          fixed(luma),
          fixed(2 * (1 - red) * colour),
          fixed(-2 * (1 - blue) * blue / green * colour),
          fixed(-2 * (1 - red) * red / green * colour),
          fixed(2 * (1 - blue) * colour)};
}

// In place, `count` pixels of three bytes, of which the first is Y. `cb` and `cr`: a byte for each, three bytes apart;
// null: grey pixels.
inline void rgb_of_ycbcr(const YcbcrMatrix& matrix, int count, std::uint8_t* pixels, const std::uint8_t* cb_of,
                         const std::uint8_t* cr_of) {
  using ycbcr::kHalf, ycbcr::kNoColour, ycbcr::to_byte;
  for (int x = 0; x < count; ++x, pixels += 3) {
    const std::int32_t luma = (pixels[0] - matrix.black) * matrix.luma + kHalf;
    std::int32_t cb = 0, cr = 0;
    if (cb_of != nullptr) cb = cb_of[3 * x] - kNoColour, cr = cr_of[3 * x] - kNoColour;
    pixels[0] = to_byte(luma + matrix.red_of_cr * cr);
    pixels[1] = to_byte(luma + matrix.green_of_cb * cb + matrix.green_of_cr * cr);
    pixels[2] = to_byte(luma + matrix.blue_of_cb * cb);
  }
}

}  // namespace mobilenet
