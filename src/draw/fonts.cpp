// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/fonts.h"

#include <cairo-ft.h>
#include <cairo.h>
#ifdef MOBILENET_WITH_FONTCONFIG
#include <fontconfig/fontconfig.h>
#endif

#include <mutex>
#ifdef MOBILENET_WITH_FONTCONFIG
#include <vector>
#endif

#include "draw/embedded_font.h"

namespace mobilenet::drawing {
namespace {

// Read at the first call and kept: Cairo's caches hold on to it until the program ends.
struct EmbeddedFont {
  FT_Face letters = nullptr;  // which there are; Cairo has a face of its own, which it locks
  cairo_font_face_t* face = nullptr;

  EmbeddedFont() {
    const auto bytes = embedded_font();
    const auto* const first = reinterpret_cast<const FT_Byte*>(bytes.data());
    const auto size = static_cast<FT_Long>(bytes.size());
    FT_Library library = nullptr;
    FT_Face outlines = nullptr;
    if (FT_Init_FreeType(&library) != 0) return;
    if (FT_New_Memory_Face(library, first, size, 0, &letters) != 0) letters = nullptr;
    if (FT_New_Memory_Face(library, first, size, 0, &outlines) == 0)
      face = cairo_ft_font_face_create_for_ft_face(outlines, 0);
  }
};

const EmbeddedFont& embedded() {
  static const EmbeddedFont font;
  return font;
}

#ifdef MOBILENET_WITH_FONTCONFIG
// A font of the machine that has this letter, or null. Few labels need one, so few are ever looked for.
cairo_font_face_t* machine_face(char32_t code_point) {
  struct Font {
    FcCharSet* letters;  // null: none has the letter that was looked for
    char32_t looked_for;
    cairo_font_face_t* face;
  };
  static std::vector<Font> fonts;  // kept, as the embedded one
  for (const Font& font : fonts)
    if (font.looked_for == code_point || (font.letters != nullptr && FcCharSetHasChar(font.letters, code_point)))
      return font.face;

  FcPattern* const wanted = FcPatternCreate();
  FcCharSet* const letters = FcCharSetCreate();
  FcCharSetAddChar(letters, code_point);
  FcPatternAddCharSet(wanted, FC_CHARSET, letters);
  FcPatternAddString(wanted, FC_FAMILY, reinterpret_cast<const FcChar8*>("sans-serif"));
  FcConfigSubstitute(nullptr, wanted, FcMatchPattern);
  FcDefaultSubstitute(wanted);
  FcResult result = FcResultNoMatch;
  FcPattern* const match = FcFontMatch(nullptr, wanted, &result);
  FcCharSetDestroy(letters);
  FcPatternDestroy(wanted);

  Font found{nullptr, code_point, nullptr};
  FcCharSet* all = nullptr;
  if (match != nullptr && FcPatternGetCharSet(match, FC_CHARSET, 0, &all) == FcResultMatch &&
      FcCharSetHasChar(all, code_point)) {
    found.letters = FcCharSetCopy(all);
    found.face = cairo_ft_font_face_create_for_pattern(match);
  }
  if (match != nullptr) FcPatternDestroy(match);
  fonts.push_back(found);
  return found.face;
}
#else
cairo_font_face_t* machine_face(char32_t) { return nullptr; }
#endif

}  // namespace

_cairo_font_face* embedded_face() { return embedded().face; }

_cairo_font_face* face_of(char32_t code_point) {
  static std::mutex mutex;  // FreeType's faces and the list of the machine's belong to one thread at a time
  const std::lock_guard lock(mutex);
  const EmbeddedFont& font = embedded();
  if (font.letters == nullptr || FT_Get_Char_Index(font.letters, code_point) != 0) return font.face;
  return machine_face(code_point);
}

}  // namespace mobilenet::drawing
