// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Letters as pixels. Cairo and FreeType make each once, at each size that is asked for, and are seen nowhere else;
// builds without them have letters that only say so (letters_unavailable.cpp). The font is DejaVu Sans from the library
// itself, with those of the machine for letters that it lacks (fonts.h).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "draw/palette.h"
#include "draw/pixels.h"

struct _cairo_font_face;  // NOLINT(bugprone-reserved-identifier): the name is cairo.h's

namespace mobilenet::drawing {

// Text is valid UTF-8 (append_legible()) and stands in lines of one direction, a letter beside the other. Marks that
// change others and are not seen themselves are left out. Where memory ends, std::bad_alloc is thrown.
class Letters {
 public:
  Letters();
  Letters(const Letters&) = delete;
  Letters& operator=(const Letters&) = delete;
  ~Letters();

  // There is a font for every letter, which is going to be drawn at this size.
  bool have(std::string_view text, int size);
  // How far the text reaches at this size, in pixels. Letters that no font has show an empty box.
  double width(std::string_view text, int size);
  void draw(const Pixels& picture, int left, int baseline, std::string_view text, int size, Colour colour);
  // Forgets all when there are many.
  void trim();

 private:
  struct Letter {
    double advance = 0;
    // Where its pixels are, from where it stands on the line; no pixels: they were not needed yet.
    int left = 0, top = 0, width = 0, height = 0;
    bool has_font = true;
    bool has_colours = false;         // of its own, as an emoji; others take that of the text
    std::vector<std::uint32_t> argb;  // [height][width], with red, green and blue multiplied by alpha
  };
  struct Font;

  Letter& letter(char32_t code_point, int size);
  void make_pixels(char32_t code_point, int size, Letter& letter);
  Font& font(_cairo_font_face* face, int size);

  std::unordered_map<std::uint64_t, Letter> letters_;  // by size and code point
  std::vector<Font> fonts_;
  std::size_t pixels_ = 0;  // of all letters
};

// For labels before anything is drawn.
bool fonts_have(std::string_view text);

}  // namespace mobilenet::drawing
