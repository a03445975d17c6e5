// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/canvas.h"

#include <cairo.h>
#include <mobilenet/draw.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <span>
#include <string>

#include "base/caught.h"
#include "base/error.h"
#include "draw/fonts.h"

namespace mobilenet::drawing {
namespace {

constexpr int kTileSide = 1024;

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

ScaledFont font_of_size(cairo_font_face_t* face, double size) {
  cairo_matrix_t scale, upright;
  cairo_matrix_init_scale(&scale, size, size);
  cairo_matrix_init_identity(&upright);
  return ScaledFont(cairo_scaled_font_create(face, &scale, &upright, font_options().get()));
}

void set_colour(cairo_t* context, Colour colour, double opacity) {
  cairo_set_source_rgba(context, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0, opacity);
}

// Adds the outline, clockwise or not: fills with the even-odd rule do not care.
void trace(cairo_t* context, const Box& box, double radius) {
  radius = std::clamp(radius, 0.0, std::min(box.width(), box.height()) / 2);
  if (radius <= 0) {
    cairo_rectangle(context, box.left, box.top, box.width(), box.height());
    return;
  }
  constexpr double kQuarter = std::numbers::pi / 2;
  cairo_new_sub_path(context);
  cairo_arc(context, box.right - radius, box.top + radius, radius, -kQuarter, 0);
  cairo_arc(context, box.right - radius, box.bottom - radius, radius, 0, kQuarter);
  cairo_arc(context, box.left + radius, box.bottom - radius, radius, kQuarter, 2 * kQuarter);
  cairo_arc(context, box.left + radius, box.top + radius, radius, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(context);
}

// Most tiles of a large picture see only a few of its shapes.
bool visible(cairo_t* context, const Box& box) {
  Box clip;
  cairo_clip_extents(context, &clip.left, &clip.top, &clip.right, &clip.bottom);
  return box.overlap(clip) > 0;
}

// One tile as Cairo keeps it: 0x00RRGGBB in a 32-bit number.
struct Tile {
  int left, top, width, height;

  void load(const Pixels& picture, cairo_surface_t* surface) const {
    for (int y = 0; y < height; ++y) {
      const std::uint8_t* in = picture.at(left, top + y);
      for (std::uint32_t& out : row(surface, y)) {
        out = std::uint32_t{in[picture.red]} << 16 | std::uint32_t{in[1]} << 8 | in[picture.blue];
        in += picture.pixel_bytes;
      }
    }
  }
  void store(cairo_surface_t* surface, const Pixels& picture) const {
    for (int y = 0; y < height; ++y) {
      std::uint8_t* out = picture.at(left, top + y);
      for (const std::uint32_t in : row(surface, y)) {
        out[picture.red] = static_cast<std::uint8_t>(in >> 16);
        out[1] = static_cast<std::uint8_t>(in >> 8);
        out[picture.blue] = static_cast<std::uint8_t>(in);
        out += picture.pixel_bytes;
      }
    }
  }

 private:
  std::span<std::uint32_t> row(cairo_surface_t* surface, int y) const {
    auto* first = cairo_image_surface_get_data(surface) + std::ptrdiff_t{y} * cairo_image_surface_get_stride(surface);
    return {reinterpret_cast<std::uint32_t*>(first), static_cast<std::size_t>(width)};
  }
};

Result<void> paint_tile(const Pixels& picture, const Tile& tile, const std::function<void(Canvas&)>& draw) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, tile.width, tile.height));
  const Context context(cairo_create(surface.get()));
  const auto failure = [&]() -> Error {
    return {ErrorCode::out_of_memory,
            "cannot draw: " + std::string(cairo_status_to_string(cairo_status(context.get())))};
  };
  if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS) return failure();
  tile.load(picture, surface.get());
  cairo_surface_mark_dirty(surface.get());
  cairo_set_fill_rule(context.get(), CAIRO_FILL_RULE_EVEN_ODD);
  cairo_translate(context.get(), -tile.left, -tile.top);
  Canvas canvas(context.get());
  draw(canvas);
  if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS) return failure();
  cairo_surface_flush(surface.get());
  tile.store(surface.get(), picture);
  return {};
}

}  // namespace

bool has_letters(std::string_view text) { return fonts_have(text); }

double text_width(std::string_view text, double font_size) {
  double width = 0;
  for (const FontRun& run : font_runs(text)) {
    cairo_text_extents_t extents{};
    cairo_scaled_font_text_extents(font_of_size(run.face, font_size).get(), run.text.c_str(), &extents);
    width += extents.x_advance;
  }
  return width;
}

void Canvas::fill(const Box& box, double radius, Colour colour, double opacity) {
  if (!visible(context_, box)) return;
  trace(context_, box, radius);
  set_colour(context_, colour, opacity);
  cairo_fill(context_);
}

void Canvas::fill_between(const Box& outer, double outer_radius, const Box& inner, double inner_radius, Colour colour,
                          double opacity) {
  if (!visible(context_, outer)) return;
  trace(context_, outer, outer_radius);
  if (inner.width() > 0 && inner.height() > 0) trace(context_, inner, inner_radius);
  set_colour(context_, colour, opacity);
  cairo_fill(context_);
}

void Canvas::text(double left, double baseline, std::string_view text, double font_size, Colour colour) {
  set_colour(context_, colour, 1);
  for (const FontRun& run : font_runs(text)) {
    const ScaledFont font = font_of_size(run.face, font_size);
    cairo_text_extents_t extents{};
    cairo_scaled_font_text_extents(font.get(), run.text.c_str(), &extents);
    const Box ink{left + extents.x_bearing, baseline + extents.y_bearing, left + extents.x_bearing + extents.width,
                  baseline + extents.y_bearing + extents.height};
    if (visible(context_, ink.grown(1))) {
      cairo_set_scaled_font(context_, font.get());
      cairo_move_to(context_, left, baseline);
      cairo_show_text(context_, run.text.c_str());
      cairo_new_path(context_);
    }
    left += extents.x_advance;
  }
}

Result<void> paint(const Pixels& picture, const Box& region, const std::function<void(Canvas&)>& draw) {
  const int left = static_cast<int>(std::clamp(std::floor(region.left), 0.0, double{1} * picture.width));
  const int top = static_cast<int>(std::clamp(std::floor(region.top), 0.0, double{1} * picture.height));
  const int right = static_cast<int>(std::clamp(std::ceil(region.right), 0.0, double{1} * picture.width));
  const int bottom = static_cast<int>(std::clamp(std::ceil(region.bottom), 0.0, double{1} * picture.height));
  for (int y = top; y < bottom; y += kTileSide) {
    for (int x = left; x < right; x += kTileSide) {
      const Tile tile{x, y, std::min(kTileSide, right - x), std::min(kTileSide, bottom - y)};
      if (auto painted = paint_tile(picture, tile, draw); !painted) return painted;
    }
  }
  return {};
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
