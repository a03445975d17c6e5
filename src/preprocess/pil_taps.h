// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which source pixels make a pixel that Pillow resizes, how much each counts, and which pass goes first.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "preprocess/geometry.h"

namespace mobilenet {

enum class PilFilter { box, bilinear, hamming, bicubic, lanczos };

constexpr int kPilFractionBits = 22;  // 32 bits less the 8 of a byte and 2 for the overshoot of the cubic filters

// The source pixels that make one resized pixel.
struct PilTaps {
  int first;
  int count;
  std::size_t weights;  // index of the first's
};

// Weight: int32 in fixed point, for bytes; float.
template <class Weight>
struct PilAxis {
  std::vector<PilTaps> taps;  // of the window's pixels
  std::vector<Weight> weights;
  int first = 0;  // of the source pixels that any tap reads
  int count = 0;
  int most_taps = 0;
};

// `exact`: memory for the weights of one pixel, before rounding.
template <class Weight>
void prepare_pil_axis(PilFilter filter, const AxisGeometry& axis, std::vector<double>& exact,
                      PilAxis<Weight>& prepared);

bool pil_vertical_first(Resampler resampler, const Geometry& geometry);

}  // namespace mobilenet
