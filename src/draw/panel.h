// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A dark panel of lines in a corner of the picture: names, numbers beside them, colours in front.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "draw/canvas.h"
#include "draw/palette.h"

namespace mobilenet::drawing {

struct PanelRow {
  std::optional<Colour> swatch;
  std::string name, number;
};

struct Panel {
  double font_size = 0, margin = 0, row_height = 0, name_left = 0;
  std::vector<PanelRow> rows;
  Box box;
};

// As many rows as fit, the last line counting the others; no rows when there is no room for any. `place` says where a
// panel of this size goes, this far from the picture's edges.
Panel lay_out_panel(const Pixels& picture, std::vector<PanelRow> rows,
                    const std::function<Box(double width, double height, double margin)>& place);

Result<void> draw_panel(const Pixels& picture, const Panel& panel);

}  // namespace mobilenet::drawing
