// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How thick and how opaque what is drawn on a picture is.

namespace mobilenet::drawing {

// The weight of the colour in a tinted pixel; the picture has the rest.
inline constexpr double kMaskOpacity = 0.5;
// Thickness in pixels of frames and outlines in a picture of this size: 2 at 640 x 480.
int line_width(int picture_width, int picture_height);
// What tells lines and plates from any background: a thin black shade of this width and opacity around them.
int shade_width(int line);
inline constexpr double kShadeOpacity = 0.35;

}  // namespace mobilenet::drawing
