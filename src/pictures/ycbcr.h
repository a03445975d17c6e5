// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From luma and two colours to red, green and blue, in integers, so that every device gets the same bytes.

#include <mobilenet/image.h>

#include <cstddef>
#include <cstdint>

namespace mobilenet {

namespace ycbcr {

inline constexpr int kFractionBits = 16, kHalf = 1 << (kFractionBits - 1), kNoColour = 128;
// Of samples that are no whole numbers, and of coefficients for those, which have 16 bits. The sum of products is below
// 2^30, and off by 0.04 of a step.
inline constexpr int kFineBits = 7, kFineCoefficientBits = 13, kFineShift = kFineBits + kFineCoefficientBits;

inline std::int32_t fixed(double value) {
  return static_cast<std::int32_t>(value * (1 << kFractionBits) + (value < 0 ? -0.5 : 0.5));
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
  struct Shares {
    double red, blue;
  };
  constexpr Shares kShares[] = {{0.299, 0.114}, {0.2126, 0.0722}, {0.2627, 0.0593}};  // in the order of the matrices
  const auto [red, blue] = kShares[static_cast<std::size_t>(matrix)];
  const bool is_limited = range == ColourRange::limited;
  const double green = 1 - red - blue;
  const double luma = is_limited ? 255.0 / 219 : 1, colour = is_limited ? 255.0 / 224 : 1;
  return {is_limited ? 16 : 0,
          fixed(luma),
          fixed(2 * (1 - red) * colour),
          fixed(-2 * (1 - blue) * blue / green * colour),
          fixed(-2 * (1 - red) * red / green * colour),
          fixed(2 * (1 - blue) * colour)};
}

// For samples with kFineBits of fraction, of which `black` has as many: coefficients of kFineCoefficientBits.
inline YcbcrMatrix fine_matrix(const YcbcrMatrix& matrix) {
  constexpr int kCut = ycbcr::kFractionBits - ycbcr::kFineCoefficientBits;
  const auto cut = [](std::int32_t coefficient) { return (coefficient + (1 << (kCut - 1))) >> kCut; };
  return {matrix.black << ycbcr::kFineBits, cut(matrix.luma),        cut(matrix.red_of_cr),
          cut(matrix.green_of_cb),          cut(matrix.green_of_cr), cut(matrix.blue_of_cb)};
}

}  // namespace mobilenet
