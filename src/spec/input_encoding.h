// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From a byte to the real number that it stands for, and from there to what the network's input stores.

#include <mobilenet/preprocess.h>
#include <mobilenet/tensor.h>

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "spec/preprocess_spec.h"

namespace mobilenet {

// How the numbers of a picture follow each other: pixel after pixel, or one plane a channel, as PyTorch has them.
enum class PixelOrder { pixels, planes };

// What the elements of the network's input are: floats, or integers that stand for scale * (stored - zero_point); and
// which of a picture they hold.
struct InputElements {
  DataType type = DataType::f32;
  float scale = 0;  // 0: a quantised input that does not say, which then takes the picture's bytes
  std::int32_t zero_point = 0;
  int channels = 3;  // 1: grey
  PixelOrder order = PixelOrder::pixels;

  bool operator==(const InputElements&) const = default;
};

// The real number of a resized sample in units of a byte, for channel c of the network; steps in float32.
inline float real_number(const PreprocessSpec& spec, float value, std::size_t c) {
  const float scaled = spec.divide_by_255 ? value / 255.0f : value * spec.rescale;
  return (scaled - spec.mean[c]) / spec.deviation[c];
}

inline void set_encoding(const PixelEncoding& encoding, PreprocessSpec& spec) {
  spec.rescale = 1;
  spec.divide_by_255 = false;
  spec.mean = encoding.mean;
  spec.deviation = encoding.deviation;
  spec.unknown.encoding.clear();
}

// Whether a quantised input takes the picture's bytes (for i8 less 128): what the files that were trained on integers
// expect, and what quantising the real numbers comes to but for their rounding, a step at most.
inline bool takes_bytes(const PreprocessSpec& spec, const InputElements& elements) {
  if (elements.type == DataType::f32) return false;
  if (!(elements.scale > 0)) return true;
  // Real numbers rise evenly with bytes, so the two ends say it all. The slack is for float32.
  constexpr double kMostSteps = 1.001;
  const int lowest = elements.type == DataType::i8 ? -128 : 0;
  for (std::size_t c = 0; c < static_cast<std::size_t>(elements.channels); ++c)
    for (const int byte : {0, 255}) {
      const double real = static_cast<double>(real_number(spec, static_cast<float>(byte), c));
      const double stored = real / static_cast<double>(elements.scale) + elements.zero_point;
      if (!(std::abs(stored - (byte + lowest)) <= kMostSteps)) return false;
    }
  return true;
}

}  // namespace mobilenet
