// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The words on annotated pictures, and the sizes that follow from the picture's. Words are put together in strings that
// are used again from frame to frame.

#include <cstdint>
#include <string>
#include <string_view>

#include "draw/letters.h"

namespace mobilenet::drawing {

// Text that can be drawn: control characters become spaces, bytes that are no UTF-8 U+FFFD; very long ones are cut.
void append_legible(std::string& words, std::string_view text);

// A class as people read it: its label, legible, or "class 7" when it has none or no font has its letters.
void append_class(std::string& words, int index, std::string_view label, Letters& letters, int font_size);

// A number with so many digits behind the point.
void append_decimal(std::string& words, double value, int digits);
void append_number(std::string& words, std::int64_t value);

// How wide a name may be in a picture of this width: longer ones are shortened, so that they do not span it.
double caption_room(int picture_width, int font_size);

// Keeps of `words`, where they are wider than `width`, as much of their beginning as fits with an ellipsis; nothing
// when not even one letter does.
void shorten(std::string& words, Letters& letters, int font_size, double width);

// Letters for a picture of this size: 14 pixels at 640 x 480, 9 at least.
int caption_font_size(int picture_width, int picture_height);

// The height of a line of text, and where its letters stand in it, per pixel of font size.
inline constexpr double kCaptionHeight = 1.36;
inline constexpr double kCaptionBaseline = 1.02;
inline constexpr double kCaptionMargin = 0.38;  // left and right

}  // namespace mobilenet::drawing
