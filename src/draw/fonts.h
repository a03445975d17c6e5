// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which font has which letters: the one inside the library first, so that pictures look the same on every machine;
// for scripts that it lacks, those of the machine, in builds with fontconfig. Only canvas.cpp knows this file.

#include <string>
#include <string_view>
#include <vector>

struct _cairo_font_face;  // NOLINT(bugprone-reserved-identifier): the name is cairo.h's

namespace mobilenet::drawing {

// The font inside the library, which lives until the program ends; null when it cannot be read.
_cairo_font_face* embedded_face();

// Letters that stand side by side and come from one font.
struct FontRun {
  _cairo_font_face* face;
  std::string text;
};
// Of valid UTF-8. Letters that no font has are left to the embedded one, which shows an empty box.
std::vector<FontRun> font_runs(std::string_view text);

// Some font has each letter.
bool fonts_have(std::string_view text);

}  // namespace mobilenet::drawing
