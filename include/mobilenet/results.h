// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a session answers. Views point into the model (labels) or the session (arrays).

#include <cstdint>
#include <span>
#include <string_view>

namespace mobilenet {

struct Classification {
  int index = 0;           // 0-based without background; the background row of 1001-class files is -1
  std::string_view label;  // empty when the model has no labels; lives as long as the Model
  float score = 0;         // probability 0..1
};

// One object in a picture. The box is in pixels of the upright picture, or of the part of it that was given
// (ImageView::crop), and may reach beyond it.
struct Detection {
  int class_index = 0;     // 0-based without background
  std::string_view label;  // empty when the model has no labels
  float score = 0;         // probability 0..1
  float left = 0, top = 0, right = 0, bottom = 0;

  float width() const { return right - left; }
  float height() const { return bottom - top; }
};

// One class that a mask contains.
struct SegmentClass {
  int index = 0;  // the network's own number; 0 is background in most files
  std::string_view label;
  std::int64_t pixels = 0;
};

// A class for every pixel of the upright picture, or of the part of it that was given (ImageView::crop). Pixels that
// the network did not see (cropped away) are class 0 with probability 1.
struct Segmentation {
  int width = 0, height = 0;
  std::span<const std::uint8_t> mask;     // [height][width] class numbers
  std::span<const SegmentClass> classes;  // those in the mask, most pixels first
  std::span<const float> probabilities;   // [all classes][height][width] with SessionOptions::probabilities, else empty
};

// Milliseconds of a session's last call. A batch counts as one call.
struct Timing {
  double preprocess = 0;
  double network = 0;
  double postprocess = 0;
};

}  // namespace mobilenet
