// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From luma and two colours to red, green and blue, in integers, so that every device gets the same bytes.

#include <mobilenet/image.h>

#include <cstdint>

namespace mobilenet {

// In 65536ths: red = luma * (Y - black) + red_of_cr * (Cr - 128), and so on; the sum is rounded to nearest and bounded
// to a byte. Products stay below 2^26. A rounded coefficient is off by 2^-17 at most, a result by half a step and
// 0.003.
struct YcbcrMatrix {
  std::int32_t black = 0, luma = 0;
  std::int32_t red_of_cr = 0, green_of_cb = 0, green_of_cr = 0, blue_of_cb = 0;
};
YcbcrMatrix ycbcr_matrix(ColourMatrix matrix, ColourRange range);

// In place, `count` pixels of three bytes, of which the first is Y. `chroma`: as many, of which the first two are Cb
// and Cr; null: grey pixels.
void rgb_of_ycbcr(const YcbcrMatrix& matrix, int count, std::uint8_t* pixels, const std::uint8_t* chroma);

}  // namespace mobilenet
