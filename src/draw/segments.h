// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The tint and the outline of every class of a mask, and the legend where it hides the least.

#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "draw/borders.h"
#include "draw/canvas.h"
#include "draw/palette.h"
#include "draw/panel.h"
#include "draw/pixels.h"

namespace mobilenet::drawing {

// Draws on one picture after the other, in the same memory.
class Segments {
 public:
  // Fails on a mask that is not of the picture's size.
  Result<void> draw(Canvas& canvas, const Segmentation& segmentation);

 private:
  void prepare(const Pixels& picture, const Segmentation& segmentation);
  void tint_row(const Pixels& picture, int y, std::span<const std::uint8_t> mask,
                std::span<const std::uint8_t> nearness);
  void draw_legend(Canvas& canvas, const Segmentation& segmentation);
  void place_legend(const Pixels& picture, std::span<const std::uint8_t> mask);

  // How each class of this picture is tinted: the background is not, but dark beside others.
  struct Tint {
    Colour colour;
    const std::uint16_t* weights = nullptr;  // of the colour, of 256, by nearness of a border
    bool has_brush = false;                  // for pixels that are near none
    Brush brush;
  };
  std::array<Tint, 256> tints_;
  std::array<std::uint16_t, 256> weights_of_classes_{}, weights_of_background_{};
  bool zero_is_background_ = false;
  Borders borders_;
  Panel legend_;
  Panel::Corner legend_corner_{};
  int width_ = 0, height_ = 0;  // of the picture in which the legend was there
};

}  // namespace mobilenet::drawing
