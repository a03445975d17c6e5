// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Antialiased boxes, lines and text, drawn straight onto a picture: only the pixels of a shape are touched, and only
// its round corners are looked at one by one.

#include <cstdint>
#include <string_view>

#include "draw/box.h"
#include "draw/corners.h"
#include "draw/letters.h"
#include "draw/palette.h"
#include "draw/pixels.h"

namespace mobilenet::drawing {

// What is kept from picture to picture.
struct Tools {
  Letters letters;
  Corners corners;
};

struct Point {
  double x = 0, y = 0;
};

// Boxes stand on whole pixels; what lies outside the picture is left out.
class Canvas {
 public:
  Canvas(const Pixels& picture, Tools& tools) : picture_(picture), tools_(tools) {}

  const Pixels& picture() const { return picture_; }
  Letters& letters() const { return tools_.letters; }

  void fill(const Box& box, double radius, Colour colour, double opacity = 1);
  // What lies between the two.
  void fill_between(const Box& outer, double outer_radius, const Box& inner, double inner_radius, Colour colour,
                    double opacity = 1);
  // With round ends.
  void line(Point from, Point to, double width, Colour colour);
  void text(double left, double baseline, std::string_view text, int font_size, Colour colour);

 private:
  const Pixels& picture_;
  Tools& tools_;
};

}  // namespace mobilenet::drawing
