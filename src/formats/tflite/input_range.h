// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the range that a quantised input can hold says of how bytes become its real numbers.

#include <mobilenet/preprocess.h>

#include <string>

namespace mobilenet::tflite {

struct Range {
  double low = 0;
  double high = 0;
};

struct EncodingChoice {
  PixelEncoding encoding;
  std::string why;  // "byte / 255, because ..."
  bool is_guess = false;
};

// (byte / 255 - mean) / deviation with ImageNet's mean and deviation, as PyTorch's classifiers have them.
inline constexpr PixelEncoding kImageNetEncoding{{123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}};

// Ranges are those of the pictures that a converter was shown, so they come close to the encoding's own or fall a
// little short of it. `why` is the formula alone.
EncodingChoice choose_by_range(const Range& range);

// Whether the real numbers of bytes are about what the range holds.
bool fits(const PixelEncoding& encoding, const Range& range);

}  // namespace mobilenet::tflite
