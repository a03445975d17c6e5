// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A dark panel of lines in a corner of the picture: names, numbers beside them, colours in front.

#include <cstddef>
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

// Filled anew for every picture, in the same memory.
class Panel {
 public:
  // Where it goes, of the picture's corners.
  enum class Corner { lower_left, lower_right, upper_left, upper_right };

  // Empty, for a picture of this size.
  void begin(const Pixels& picture);
  int font_size() const { return font_size_; }
  PanelRow& add();

  // Finds its size: as many rows as fit, the last line counting the others. False: there is no room for any.
  bool lay_out(const Pixels& picture, Letters& letters);
  Box box(const Pixels& picture, Corner corner) const;
  void draw(Canvas& canvas, Corner corner) const;

 private:
  std::vector<PanelRow> rows_;
  std::size_t count_ = 0;  // of the rows, those that are in use
  int font_size_ = 0;
  double margin_ = 0, row_height_ = 0, name_left_ = 0, width_ = 0, height_ = 0;
};

}  // namespace mobilenet::drawing
