// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Functions of 16-bit integers as TensorFlow Lite tabulates them: between two ends as 512 pieces of a line.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace mobilenet {

using Int16Curve = std::array<std::int16_t, 513>;

// function(x) * per_unit for x from low to high, in the arithmetic of Real. A piece's ends are moved by half of what
// its line misses at its middle.
template <class Real, class Function>
Int16Curve int16_curve(Real low, Real high, Real per_unit, const Function& function) {
  Int16Curve curve;
  const Real step = (high - low) / 512;
  const auto value = [&](Real x) { return function(x) * per_unit; };
  // A piece that begins or ends in infinity is the runtime's 0.
  const auto stored = [](Real x) {
    return static_cast<std::int16_t>(std::isnan(x) ? Real{0} : std::clamp<Real>(x, -32768, 32767));
  };
  for (int i = 0; i < 512; ++i) {
    const Real begin = std::round(value(low + static_cast<Real>(i) * step));
    const Real line = std::round((value(low + static_cast<Real>(i + 1) * step) + begin) / 2);
    const Real middle = std::round(value(low + static_cast<Real>(i) * step + step / 2));
    curve[static_cast<std::size_t>(i)] = stored(begin - std::round((line - middle) / 2));
  }
  curve[512] = stored(std::round(value(high)));
  return curve;
}

// At the stored integer x, of -32768..32767. As there, a rise of more than 16 bits wraps around.
inline std::int32_t on_curve(const Int16Curve& curve, std::int32_t x) {
  const std::size_t piece = 256 + static_cast<std::size_t>(x >> 7);
  const std::int32_t begin = curve[piece], rise = static_cast<std::int16_t>(curve[piece + 1] - begin);
  return static_cast<std::int16_t>(begin + ((rise * (x & 127) + 64) >> 7));
}

}  // namespace mobilenet
