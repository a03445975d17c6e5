// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The words on annotated pictures, and the sizes that follow from the picture's.

#include <string>
#include <string_view>

namespace mobilenet::drawing {

// Text that can be drawn: control characters become spaces, bytes that are no UTF-8 U+FFFD; very long ones are cut.
std::string legible(std::string_view text);

// A class as people read it: its label, legible, or "class 7" when it has none or no font has its letters.
std::string class_caption(int index, std::string_view label);

// A number with so many digits behind the point.
std::string decimal(double value, int digits);

// How wide a name may be in a picture of this width: longer ones are shortened, so that they do not span it.
double caption_room(int picture_width, double font_size);

// `text`, or as much of its beginning as fits in `width` with an ellipsis; empty when not even one letter does.
std::string shortened(std::string_view text, double font_size, double width);

// Letters for a picture of this size: 14 pixels at 640 x 480, 9 at least.
double caption_font_size(int picture_width, int picture_height);

// The height of a line of text, and where its letters stand in it, per pixel of font size.
inline constexpr double kCaptionHeight = 1.36;
inline constexpr double kCaptionBaseline = 1.02;
inline constexpr double kCaptionMargin = 0.38;  // left and right

}  // namespace mobilenet::drawing
