// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The frame around an object: a line with round corners and a thin shade on both sides. Its straight parts are
// rectangles of whole pixels; its corners are alike in all frames of a picture, so that they are drawn once and
// stamped.

#include <mobilenet/result.h>

#include <cstdint>
#include <vector>

#include "draw/canvas.h"
#include "draw/palette.h"
#include "draw/pixels.h"

namespace mobilenet::drawing {

class FrameStamp {
 public:
  static Result<FrameStamp> create(int line);

  // `frame`: the line's outer edge, on whole pixels.
  Result<void> draw(const Pixels& picture, const Box& frame, Colour colour) const;

 private:
  explicit FrameStamp(int line);
  Result<void> draw_whole(const Pixels& picture, const Box& frame, Colour colour) const;
  void stamp_corner(const Pixels& picture, int left, int top, bool from_right, bool from_bottom, Colour colour) const;

  int line_, shade_;
  double radius_, inner_radius_;
  int side_;  // of a corner, in pixels: from the shade outside to where the line is straight
  // How much of 256 of a pixel is covered, [side][side], of the upper left corner: by the line, by the shades.
  std::vector<std::uint16_t> line_cover_, shade_cover_;
};

}  // namespace mobilenet::drawing
