// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which font has which letters: the one inside the library first, so that pictures look the same on every machine;
// for scripts that it lacks, those of the machine, in builds with fontconfig. Only letters.cpp knows this file.

struct _cairo_font_face;  // NOLINT(bugprone-reserved-identifier): the name is cairo.h's

namespace mobilenet::drawing {

// The font inside the library, which lives until the program ends; null when it cannot be read.
_cairo_font_face* embedded_face();

// Of a font that has the letter, which lives as long; null when none has.
_cairo_font_face* face_of(char32_t code_point);

}  // namespace mobilenet::drawing
