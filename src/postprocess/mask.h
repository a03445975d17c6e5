// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From low-resolution class scores to a mask at any size: bilinear enlargement and argmax in one pass, so that no
// full-size scores exist.

#include <mobilenet/detector.h>

#include <cstdint>
#include <span>

namespace mobilenet {

// Where the pixels of one axis of the mask lie among the score map's cells:
// position(i) = clamp(offset + i * step, 0, cells - 1).
struct MaskAxis {
  double offset = 0, step = 1;
  int pixels = 0;  // of the mask
  int cells = 0;   // of the score map
};

// Scores [rows][columns][channels] of 1 to 256 classes.
struct ScoreMap {
  const float* values = nullptr;
  int channels = 0;
  // 0: `values` are the scores. Else the stored whole numbers of a quantised graph, each worth `step` of a score; the
  // graph stores the enlarged scores likewise, so they are rounded to whole numbers, halves up, before classes are
  // compared.
  float step = 0;
  ScoreFunction function = ScoreFunction::softmax;  // what makes probabilities of them; identity: they are some
};

// mask[y][x] = the channel with the largest bilinearly interpolated score; of equal ones the lowest, as argmax does.
// `probabilities`, where not empty, receives [channels][rows.pixels][columns.pixels]: the interpolated scores, or
// what the function makes of them. `scratch` holds at least mask_scratch_floats(rows, columns, channels) floats.
void enlarge_to_mask(const ScoreMap& scores, const MaskAxis& rows, const MaskAxis& columns, std::span<float> scratch,
                     std::uint8_t* mask, std::span<float> probabilities = {});
std::size_t mask_scratch_floats(const MaskAxis& rows, const MaskAxis& columns, int channels);

}  // namespace mobilenet
