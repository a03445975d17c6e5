// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The public surface: what is drawn on is checked, and each kind of answer goes to its own file.

#include <mobilenet/draw.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "draw/canvas.h"
#include "draw/caption.h"
#include "draw/objects.h"
#include "draw/panel.h"
#include "draw/pixels.h"
#include "draw/segments.h"

namespace mobilenet {
namespace drawing {
namespace {

constexpr std::size_t kMostClasses = 5;

void draw_classes(Canvas& canvas, std::span<const Classification> classes, Panel& panel) {
  panel.begin(canvas.picture());
  for (const Classification& entry : classes.first(std::min(classes.size(), kMostClasses))) {
    PanelRow& row = panel.add();
    append_class(row.name, entry.index, entry.label, canvas.letters(), panel.font_size());
    if (std::isfinite(entry.score)) append_decimal(row.number, entry.score, 2);
  }
  if (panel.lay_out(canvas.picture(), canvas.letters())) panel.draw(canvas, Panel::Corner::upper_left);
}

void draw_lines(Canvas& canvas, std::string_view lines, Panel& panel) {
  panel.begin(canvas.picture());
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    append_legible(panel.add().name, lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  if (panel.lay_out(canvas.picture(), canvas.letters())) panel.draw(canvas, Panel::Corner::upper_right);
}

// A picture turned upright, where it is not.
Result<PixelBuffer> upright_pixels(Image& picture) {
  if (picture.orientation() != Orientation::upright) {
    MOBILENET_TRY(picture, std::as_const(picture).upright());
  }
  return PixelBuffer::packed(picture.pixels().data(), PixelFormat::rgb, picture.width(), picture.height());
}

template <class Answer>
Result<void> draw_once(const PixelBuffer& picture, const Answer& answer) {
  MOBILENET_TRY(Painter painter, Painter::create());
  return painter.draw(picture, answer);
}

template <class Answer>
Result<void> draw_once(Image& picture, const Answer& answer) {
  MOBILENET_TRY(Painter painter, Painter::create());
  MOBILENET_TRY(const PixelBuffer pixels, upright_pixels(picture));
  return painter.draw(pixels, answer);
}

}  // namespace
}  // namespace drawing

struct Painter::State {
  drawing::Tools tools;
  drawing::Objects objects;
  drawing::Segments segments;
  drawing::Panel panel;

  explicit State(int trail) : objects(trail) {}

  // Calls `on` with a canvas of these pixels.
  template <class On>
  Result<void> draw(const PixelBuffer& picture, const On& on) {
    MOBILENET_TRY(const drawing::Pixels pixels, drawing::pixels_of(picture));
    tools.letters.trim();
    tools.corners.trim();
    drawing::Canvas canvas(pixels, tools);
    return on(canvas);
  }
};

Result<Painter> Painter::create(const PainterOptions& options) try {
  MOBILENET_CHECK(can_draw());
  const int longest =
      kLongestTrail;  // by its address it would be a name that keeps a shared library from being unloaded
  if (options.trail < 0 || options.trail > kLongestTrail)
    return failure(ErrorCode::invalid_argument, "a trail of ", options.trail, " frames is not one of 0 to ", longest);
  return Painter(std::make_unique<State>(options.trail));
} catch (...) {
  return caught("drawing");
}

Painter::Painter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Painter::Painter(Painter&&) noexcept = default;
Painter& Painter::operator=(Painter&&) noexcept = default;
Painter::~Painter() = default;

Result<void> Painter::draw(const PixelBuffer& picture, std::span<const Detection> detections) try {
  return state_->draw(picture, [&](drawing::Canvas& canvas) -> Result<void> {
    state_->objects.draw(canvas, detections);
    return {};
  });
} catch (...) {
  return caught("drawing objects");
}

Result<void> Painter::draw(const PixelBuffer& picture, std::span<const Track> tracks) try {
  return state_->draw(picture, [&](drawing::Canvas& canvas) -> Result<void> {
    state_->objects.draw(canvas, tracks);
    return {};
  });
} catch (...) {
  return caught("drawing tracks");
}

Result<void> Painter::draw(const PixelBuffer& picture, const Segmentation& segmentation) try {
  return state_->draw(picture, [&](drawing::Canvas& canvas) { return state_->segments.draw(canvas, segmentation); });
} catch (...) {
  return caught("drawing segments");
}

Result<void> Painter::draw(const PixelBuffer& picture, std::span<const Classification> classes) try {
  return state_->draw(picture, [&](drawing::Canvas& canvas) -> Result<void> {
    drawing::draw_classes(canvas, classes, state_->panel);
    return {};
  });
} catch (...) {
  return caught("drawing classes");
}

Result<void> Painter::draw_text(const PixelBuffer& picture, std::string_view lines) try {
  return state_->draw(picture, [&](drawing::Canvas& canvas) -> Result<void> {
    drawing::draw_lines(canvas, lines, state_->panel);
    return {};
  });
} catch (...) {
  return caught("drawing text");
}

Result<void> draw(const PixelBuffer& picture, std::span<const Detection> detections) try {
  return drawing::draw_once(picture, detections);
} catch (...) {
  return caught("drawing objects");
}

Result<void> draw(const PixelBuffer& picture, std::span<const Track> tracks) try {
  return drawing::draw_once(picture, tracks);
} catch (...) {
  return caught("drawing tracks");
}

Result<void> draw(const PixelBuffer& picture, const Segmentation& segmentation) try {
  return drawing::draw_once(picture, segmentation);
} catch (...) {
  return caught("drawing segments");
}

Result<void> draw(const PixelBuffer& picture, std::span<const Classification> classes) try {
  return drawing::draw_once(picture, classes);
} catch (...) {
  return caught("drawing classes");
}

Result<void> draw_text(const PixelBuffer& picture, std::string_view lines) try {
  MOBILENET_TRY(Painter painter, Painter::create());
  return painter.draw_text(picture, lines);
} catch (...) {
  return caught("drawing text");
}

Result<void> draw(Image& picture, std::span<const Detection> detections) try {
  return drawing::draw_once(picture, detections);
} catch (...) {
  return caught("drawing objects");
}

Result<void> draw(Image& picture, const Segmentation& segmentation) try {
  return drawing::draw_once(picture, segmentation);
} catch (...) {
  return caught("drawing segments");
}

Result<void> draw(Image& picture, std::span<const Classification> classes) try {
  return drawing::draw_once(picture, classes);
} catch (...) {
  return caught("drawing classes");
}

}  // namespace mobilenet
