// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/letters.h"

#include <cairo.h>
#include <mobilenet/draw.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <string>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "base/utf8.h"
#include "draw/fonts.h"

namespace mobilenet::drawing {
namespace {

// What is kept at most before it is forgotten: a few sizes of all that a frame shows.
constexpr std::size_t kMostLetters = 20'000, kMostPixels = 4'000'000;

template <auto kDestroy>
struct Destroy {
  template <class T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroy<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Destroy<cairo_destroy>>;
using FontOptions = std::unique_ptr<cairo_font_options_t, Destroy<cairo_font_options_destroy>>;
using ScaledFont = std::unique_ptr<cairo_scaled_font_t, Destroy<cairo_scaled_font_destroy>>;

// Said in full, so that no setting of the machine changes the letters.
FontOptions font_options() {
  FontOptions options(cairo_font_options_create());
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_ON);
  return options;
}

ScaledFont font_of_size(cairo_font_face_t* face, int size) {
  cairo_matrix_t scale, upright;
  cairo_matrix_init_scale(&scale, size, size);
  cairo_matrix_init_identity(&upright);
  return ScaledFont(cairo_scaled_font_create(face, &scale, &upright, font_options().get()));
}

// Cairo fails for want of memory alone.
void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
}

// Marks that change or join others and are not seen themselves.
bool is_invisible(char32_t code_point) {
  return (code_point >= 0x200b && code_point <= 0x200f) || (code_point >= 0x2060 && code_point <= 0x2064) ||
         (code_point >= 0xfe00 && code_point <= 0xfe0f) || code_point == 0xfeff;
}

std::uint64_t key_of(char32_t code_point, int size) {
  return static_cast<std::uint64_t>(size) << 32 | static_cast<std::uint64_t>(code_point);
}

// The letter as text for Cairo.
std::string utf8(char32_t code_point) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  const auto tail = [&](int shift) { return byte(0x80u | (code_point >> shift & 0x3fu)); };
  if (code_point < 0x80) return {byte(code_point)};
  if (code_point < 0x800) return {byte(0xc0u | code_point >> 6), tail(0)};
  if (code_point < 0x10000) return {byte(0xe0u | code_point >> 12), tail(6), tail(0)};
  return {byte(0xf0u | code_point >> 18), tail(12), tail(6), tail(0)};
}

// Calls `each` with every letter that is seen.
template <class Each>
void for_letters(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const Utf8 next = first_code_point(text);
    text.remove_prefix(next.bytes);
    if (!is_invisible(next.code_point)) each(next.code_point);
  }
}

// Rounded, as Cairo multiplies levels.
std::uint32_t times(std::uint32_t level, std::uint32_t of_255) {
  const std::uint32_t product = level * of_255 + 128;
  return (product + (product >> 8)) >> 8;
}

// `level` has been multiplied by its alpha.
std::uint8_t over(std::uint32_t level, std::uint32_t alpha, std::uint8_t below) {
  return static_cast<std::uint8_t>(std::min(255u, level + times(below, 255 - alpha)));
}

}  // namespace

struct Letters::Font {
  cairo_font_face_t* face;
  int size;
  ScaledFont scaled;
};

Letters::Letters() = default;
Letters::~Letters() = default;

Letters::Font& Letters::font(_cairo_font_face* face, int size) {
  for (Font& font : fonts_)
    if (font.face == face && font.size == size) return font;
  ScaledFont scaled = font_of_size(face, size);
  check(cairo_scaled_font_status(scaled.get()));
  return fonts_.emplace_back(Font{face, size, std::move(scaled)});
}

Letters::Letter& Letters::letter(char32_t code_point, int size) {
  const std::uint64_t key = key_of(code_point, size);
  if (const auto found = letters_.find(key); found != letters_.end()) return found->second;
  Letter made;
  cairo_font_face_t* face = face_of(code_point);
  made.has_font = face != nullptr;
  if (!face) face = embedded_face();
  cairo_text_extents_t extents{};
  cairo_scaled_font_t* const scaled = font(face, size).scaled.get();
  cairo_scaled_font_text_extents(scaled, utf8(code_point).c_str(), &extents);
  check(cairo_scaled_font_status(scaled));
  made.advance = extents.x_advance;
  if (extents.width > 0 && extents.height > 0) {
    // A pixel more on each side, into which antialiasing reaches.
    made.left = static_cast<int>(std::floor(extents.x_bearing)) - 1;
    made.top = static_cast<int>(std::floor(extents.y_bearing)) - 1;
    made.width = static_cast<int>(std::ceil(extents.x_bearing + extents.width)) + 1 - made.left;
    made.height = static_cast<int>(std::ceil(extents.y_bearing + extents.height)) + 1 - made.top;
  }
  return letters_.emplace(key, std::move(made)).first->second;
}

void Letters::make_pixels(char32_t code_point, int size, Letter& letter) {
  cairo_font_face_t* face = face_of(code_point);
  if (!face) face = embedded_face();
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, letter.width, letter.height));
  const Context context(cairo_create(surface.get()));
  cairo_set_scaled_font(context.get(), font(face, size).scaled.get());
  cairo_set_source_rgb(context.get(), 0, 0, 0);  // what is not black then has colours of its own
  cairo_move_to(context.get(), -letter.left, -letter.top);
  cairo_show_text(context.get(), utf8(code_point).c_str());
  check(cairo_status(context.get()));
  cairo_surface_flush(surface.get());
  const auto width = static_cast<std::size_t>(letter.width), height = static_cast<std::size_t>(letter.height);
  std::vector<std::uint32_t> argb;
  argb.reserve(width * height);
  const unsigned char* row = cairo_image_surface_get_data(surface.get());
  for (std::size_t y = 0; y < height; ++y, row += cairo_image_surface_get_stride(surface.get())) {
    const auto* const pixels = reinterpret_cast<const std::uint32_t*>(row);
    argb.insert(argb.end(), pixels, pixels + width);
  }
  letter.has_colours = std::ranges::any_of(argb, [](std::uint32_t pixel) { return (pixel & 0xffffffu) != 0; });
  letter.argb = std::move(argb);
  pixels_ += letter.argb.size();
}

bool Letters::have(std::string_view text, int size) {
  bool all = true;
  for_letters(text, [&](char32_t code_point) { all = all && letter(code_point, size).has_font; });
  return all;
}

double Letters::width(std::string_view text, int size) {
  double width = 0;
  for_letters(text, [&](char32_t code_point) { width += letter(code_point, size).advance; });
  return width;
}

void Letters::draw(const Pixels& picture, int left, int baseline, std::string_view text, int size, Colour colour) {
  // What letters without colours of their own are made of, by alpha.
  const auto level = [](std::uint8_t of_colour, std::uint32_t alpha) { return times(of_colour, alpha); };
  double pen = left;
  for_letters(text, [&](char32_t code_point) {
    Letter& drawn = letter(code_point, size);
    const int x_begin = static_cast<int>(std::lround(pen)) + drawn.left, y_begin = baseline + drawn.top;
    pen += drawn.advance;
    const int first = std::max(0, -x_begin), last = std::min(drawn.width, picture.width - x_begin);
    if (first >= last || y_begin >= picture.height || y_begin + drawn.height <= 0) return;
    if (drawn.argb.empty()) make_pixels(code_point, size, drawn);
    for (int y = std::max(0, -y_begin); y < std::min(drawn.height, picture.height - y_begin); ++y) {
      const std::uint32_t* const row = drawn.argb.data() + std::ptrdiff_t{y} * drawn.width;
      std::uint8_t* pixel = picture.at(x_begin + first, y_begin + y);
      for (int x = first; x < last; ++x, pixel += picture.pixel_bytes) {
        const std::uint32_t argb = row[x], alpha = argb >> 24;
        if (alpha == 0) continue;
        const bool own = drawn.has_colours;
        pixel[picture.red] = over(own ? argb >> 16 & 255u : level(colour.red, alpha), alpha, pixel[picture.red]);
        pixel[1] = over(own ? argb >> 8 & 255u : level(colour.green, alpha), alpha, pixel[1]);
        pixel[picture.blue] = over(own ? argb & 255u : level(colour.blue, alpha), alpha, pixel[picture.blue]);
      }
    }
  });
}

void Letters::trim() {
  if (letters_.size() <= kMostLetters && pixels_ <= kMostPixels) return;
  letters_.clear();
  fonts_.clear();
  pixels_ = 0;
}

bool fonts_have(std::string_view text) {
  bool all = true;
  for_letters(text, [&](char32_t code_point) { all = all && face_of(code_point) != nullptr; });
  return all;
}

}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::can_draw() try {
  cairo_font_face_t* const face = drawing::embedded_face();
  if (face == nullptr || cairo_font_face_status(face) != CAIRO_STATUS_SUCCESS)
    return failure(ErrorCode::out_of_memory, "cannot draw: the font inside the library cannot be read");
  return {};
} catch (...) {
  return caught("drawing");
}
