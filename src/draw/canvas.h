// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Antialiased boxes and text on a picture of any size. Cairo and FreeType do the work and are seen nowhere else; builds
// without them have a canvas that only says so (canvas_unavailable.cpp). The font is DejaVu Sans from the library
// itself, with those of the machine for letters that it lacks (fonts.h).

#include <mobilenet/result.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "draw/palette.h"
#include "draw/pixels.h"

struct _cairo;  // NOLINT(bugprone-reserved-identifier): the name is cairo.h's

namespace mobilenet::drawing {

// In pixels; a pixel (x, y) covers x .. x + 1, y .. y + 1.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  Box grown(double by) const { return {left - by, top - by, right + by, bottom + by}; }
  // How much two boxes share; 0 when nothing.
  double overlap(const Box& other) const {
    const double across = std::min(right, other.right) - std::max(left, other.left);
    const double down = std::min(bottom, other.bottom) - std::max(top, other.top);
    return across > 0 && down > 0 ? across * down : 0;
  }
};

// There is a font for every letter. Text is valid UTF-8.
bool has_letters(std::string_view text);

// How far the text reaches. Text is valid UTF-8 (legible()); only after can_draw().
double text_width(std::string_view text, double font_size);

class Canvas {
 public:
  explicit Canvas(_cairo* context) : context_(context) {}

  void fill(const Box& box, double radius, Colour colour, double opacity = 1);
  // What lies between the two.
  void fill_between(const Box& outer, double outer_radius, const Box& inner, double inner_radius, Colour colour,
                    double opacity = 1);
  void text(double left, double baseline, std::string_view text, double font_size, Colour colour);

 private:
  [[maybe_unused]] _cairo* context_;  // unused in builds that cannot draw
};

// Calls `draw` for every tile that `region` touches, always in the picture's coordinates; what it draws beyond the
// region may be missing. Tiles, because Cairo's pictures are limited to 32767 pixels a side and need memory.
Result<void> paint(const Pixels& picture, const Box& region, const std::function<void(Canvas&)>& draw);

}  // namespace mobilenet::drawing
