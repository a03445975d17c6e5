// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/input_range.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace mobilenet::tflite {
namespace {

struct Usual {
  PixelEncoding encoding;
  const char* formula;
};

constexpr PixelEncoding kHalves{{127.5f, 127.5f, 127.5f}, {255, 255, 255}};
constexpr PixelEncoding kCentredBytes{{128, 128, 128}, {1, 1, 1}};

constexpr std::array<Usual, 6> kUsual{{{PixelEncoding::minus_one_to_one(), "(byte - 127.5) / 127.5"},
                                       {PixelEncoding::unit(), "byte / 255"},
                                       {PixelEncoding::bytes(), "0 to 255"},
                                       {kImageNetEncoding, "ImageNet's mean and deviation"},
                                       {kHalves, "byte / 255 - 0.5"},
                                       {kCentredBytes, "byte - 128"}}};

Range of_bytes(const PixelEncoding& encoding) {
  Range range{1e30, -1e30};
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(encoding.mean[c]), deviation = static_cast<double>(encoding.deviation[c]);
    range.low = std::min(range.low, -mean / deviation);
    range.high = std::max(range.high, (255 - mean) / deviation);
  }
  return range;
}

// How far the ends lie apart, as a part of the encoding's own range.
double distance(const PixelEncoding& encoding, const Range& range) {
  const Range own = of_bytes(encoding);
  return std::max(std::abs(own.low - range.low), std::abs(own.high - range.high)) / (own.high - own.low);
}

}  // namespace

EncodingChoice choose_by_range(const Range& range) {
  const auto nearest = std::min_element(kUsual.begin(), kUsual.end(), [&](const Usual& a, const Usual& b) {
    return distance(a.encoding, range) < distance(b.encoding, range);
  });
  constexpr double kSame = 0.03;
  if (distance(nearest->encoding, range) <= kSame) return {nearest->encoding, nearest->formula};
  // Pictures that do not reach the ends: the smallest of the three common ranges that holds this one.
  constexpr double kBeyond = 1.1, kBytes = 64;  // ranges in use are about 2, 1 and 255
  const bool positive = -range.low < range.high / 4;
  const std::size_t guess = range.high - range.low > kBytes                  ? 2
                            : positive && range.high <= kBeyond              ? 1
                            : range.low >= -kBeyond && range.high <= kBeyond ? 0
                                                                             : kUsual.size();
  const bool bytes_fit = guess != 2 || range.low > -kBytes / 4;
  if (guess < kUsual.size() && bytes_fit) return {kUsual[guess].encoding, kUsual[guess].formula, true};
  // Nothing known: the whole range for the whole byte, which are the bytes themselves.
  const double step = (range.high - range.low) / 255;
  if (!(step > 0) || !std::isfinite(step)) return {PixelEncoding::bytes(), "the picture's bytes", true};
  const auto mean = static_cast<float>(-range.low / step), deviation = static_cast<float>(1 / step);
  return {{{mean, mean, mean}, {deviation, deviation, deviation}}, "the picture's bytes", true};
}

bool fits(const PixelEncoding& encoding, const Range& range) {
  constexpr double kAbout = 0.25;
  return distance(encoding, range) <= kAbout;
}

}  // namespace mobilenet::tflite
