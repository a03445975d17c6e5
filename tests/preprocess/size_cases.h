// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Sizes and windows of pictures that resizers are tried on.

#include "preprocess/geometry.h"

namespace mobilenet::testing {

struct SizeCase {
  const char* name;
  int width, height;  // as stored
  Geometry geometry;  // of the upright picture, which may have its sides exchanged
};

// Sides of both directions so small that the geometry fits the picture turned and not. The largest come last.
inline constexpr SizeCase kSizes[] = {
    {"one pixel", 1, 1, {{0, 1, 5, 0, 5, 0}, {0, 1, 4, 0, 4, 0}}},
    {"to one pixel", 31, 31, {{0, 31, 1, 0, 1, 0}, {0, 31, 1, 0, 1, 0}}},
    {"unchanged", 12, 12, {{0, 12, 12, 0, 12, 0}, {0, 12, 12, 0, 12, 0}}},
    {"larger", 9, 9, {{0, 9, 18, 0, 18, 0}, {0, 9, 14, 0, 14, 0}}},
    {"smaller", 150, 150, {{0, 150, 19, 0, 19, 0}, {0, 150, 23, 0, 23, 0}}},
    {"smaller, more rows", 150, 150, {{0, 150, 19, 0, 19, 0}, {0, 150, 43, 0, 43, 0}}},
    {"rows first in Pillow 13", 60, 60, {{0, 60, 70, 0, 70, 0}, {0, 60, 14, 0, 14, 0}}},
    {"a window of a crop", 70, 70, {{13, 41, 30, 12, 11, 0}, {20, 33, 25, 3, 9, 0}}},
    {"a crop at the end", 70, 70, {{29, 41, 8, 0, 8, 0}, {37, 33, 9, 0, 9, 0}}},
    {"inside pixels", 70, 70, {{13, 41, 30, 12, 11, 0, 0.5, 0.25}, {20, 33, 25, 3, 9, 0, 0.25, 0.5}}},
    {"several parts", 600, 600, {{0, 600, 43, 0, 43, 0}, {0, 600, 51, 0, 51, 0}}},
    {"strips, bands and parts", 700, 700, {{0, 700, 70, 0, 70, 0}, {0, 700, 83, 0, 83, 0}}},
};

}  // namespace mobilenet::testing
