// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a picture shows, and other words, on a panel in a corner.

#include <mobilenet/draw.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "draw/caption.h"
#include "draw/panel.h"
#include "draw/pixels.h"

namespace mobilenet::drawing {
namespace {

constexpr std::size_t kMostClasses = 5;

Result<void> draw_classes(const Pixels& picture, std::span<const Classification> classes) {
  std::vector<PanelRow> rows;
  for (const Classification& entry : classes.first(std::min(classes.size(), kMostClasses))) {
    const std::string score = std::isfinite(entry.score) ? decimal(entry.score, 2) : "";
    rows.push_back({{}, class_caption(entry.index, entry.label), score});
  }
  return draw_panel(picture, lay_out_panel(picture, std::move(rows), [](double width, double height, double margin) {
                      return Box{margin, margin, margin + width, margin + height};
                    }));
}

Result<void> draw_lines(const Pixels& picture, std::string_view lines) {
  std::vector<PanelRow> rows;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    rows.push_back({{}, legible(lines.substr(0, end)), ""});
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
  }
  return draw_panel(picture, lay_out_panel(picture, std::move(rows), [&](double width, double height, double margin) {
                      const double right = picture.width - margin;
                      return Box{right - width, margin, right, margin + height};
                    }));
}

}  // namespace
}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::draw(const PixelBuffer& picture, std::span<const Classification> classes) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::pixels_of(picture));
  return drawing::draw_classes(pixels, classes);
} catch (...) {
  return caught("drawing classes");
}

mobilenet::Result<void> mobilenet::draw(Image& picture, std::span<const Classification> classes) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::upright_pixels(picture));
  return drawing::draw_classes(pixels, classes);
} catch (...) {
  return caught("drawing classes");
}

mobilenet::Result<void> mobilenet::draw_text(const PixelBuffer& picture, std::string_view lines) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::pixels_of(picture));
  return drawing::draw_lines(pixels, lines);
} catch (...) {
  return caught("drawing text");
}
