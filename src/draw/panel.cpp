// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/panel.h"

#include <algorithm>
#include <cmath>

#include "draw/caption.h"

namespace mobilenet::drawing {
namespace {

constexpr double kOpacity = 0.62;
constexpr double kFont = 0.92;       // of the picture's caption size
constexpr double kMostHeight = 0.6;  // of the picture

}  // namespace

Panel lay_out_panel(const Pixels& picture, std::vector<PanelRow> rows,
                    const std::function<Box(double width, double height, double margin)>& place) {
  Panel panel;
  panel.font_size = std::max(8.0, std::round(kFont * caption_font_size(picture.width, picture.height)));
  const double em = panel.font_size;
  const bool has_swatches = std::any_of(rows.begin(), rows.end(), [](const PanelRow& row) { return row.swatch; });
  panel.margin = std::round(0.5 * em);
  panel.row_height = std::round(1.5 * em);
  panel.name_left = has_swatches ? std::round(1.4 * em) : 0;
  panel.rows = std::move(rows);
  const double room = std::floor((kMostHeight * picture.height - 2 * panel.margin) / panel.row_height);
  const auto fitting = static_cast<std::size_t>(std::clamp(room, 0.0, 256.0));
  if (panel.rows.size() > fitting) {
    if (fitting < 2) {
      panel.rows.resize(fitting);
    } else {
      const std::size_t others = panel.rows.size() - (fitting - 1);
      panel.rows.resize(fitting - 1);
      panel.rows.push_back({{}, "+" + std::to_string(others), ""});
    }
  }

  double names = 0, numbers = 0;
  for (const PanelRow& row : panel.rows) {
    names = std::max(names, text_width(row.name, em));
    numbers = std::max(numbers, text_width(row.number, em));
  }
  // Outside the panel, inside it left and right, between names and numbers.
  const double around = 2 * panel.margin + 2 * panel.margin + panel.name_left + (numbers > 0 ? em : 0);
  const double names_room = std::min(picture.width - around - numbers, caption_room(picture.width, em));
  if (panel.rows.empty() || names_room < 2 * em) {
    panel.rows.clear();
    return panel;
  }
  for (PanelRow& row : panel.rows) row.name = shortened(row.name, em, names_room);
  const double width = std::ceil(std::min(names, names_room) + numbers + around - 2 * panel.margin);
  const double height = panel.row_height * static_cast<double>(panel.rows.size()) + 2 * std::round(0.3 * em);
  panel.box = place(width, height, panel.margin);
  return panel;
}

Result<void> draw_panel(const Pixels& picture, const Panel& panel) {
  if (panel.rows.empty()) return {};
  return paint(picture, panel.box, [&](Canvas& canvas) {
    const double em = panel.font_size;
    canvas.fill(panel.box, 0.4 * em, {}, kOpacity);
    double top = panel.box.top + std::round(0.3 * em);
    const double left = panel.box.left + panel.margin;
    for (const PanelRow& row : panel.rows) {
      const double baseline = std::round(top + 1.1 * em);
      if (row.swatch) {
        const double side = std::round(0.9 * em);
        const double swatch_top = std::round(top + (panel.row_height - side) / 2);
        canvas.fill({left, swatch_top, left + side, swatch_top + side}, 0.2 * em, *row.swatch);
      }
      canvas.text(left + panel.name_left, baseline, row.name, em, {255, 255, 255});
      const double number_left = std::round(panel.box.right - panel.margin - text_width(row.number, em));
      if (!row.number.empty()) canvas.text(number_left, baseline, row.number, em, {225, 225, 225});
      top += panel.row_height;
    }
  });
}

}  // namespace mobilenet::drawing
