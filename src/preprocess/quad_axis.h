// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The taps of one axis of a stored picture in quads, as resample_kernels.h wants them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "preprocess/geometry.h"
#include "preprocess/pil_taps.h"
#include "preprocess/resample_kernels.h"

namespace mobilenet {

// Results in the order of the upright picture.
struct QuadAxis {
  std::vector<QuadTaps> taps;  // of pixels from `first` on, or of groups of them
  std::vector<std::int32_t> words;
  int first = 0, count = 0;  // stored pixels that any tap reads
  bool reversed = false;     // the first result lies at the end
  std::size_t most_quads = 0;
};

class QuadAxisMaker {
 public:
  // size: of the stored picture. aligned: quads begin at multiples of four pixels, counted from the first that any tap
  // reads, and QuadTaps::first counts those; else at any pixel.
  void make(PilFilter filter, const ResampleKernels& kernels, const AxisGeometry& axis, int size, bool reversed,
            bool aligned, QuadAxis& made);

 private:
  PilAxis<std::int32_t> upright_;
  std::vector<double> exact_;
};

}  // namespace mobilenet
