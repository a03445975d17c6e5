// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/canvas.h"

#include <algorithm>
#include <cmath>

namespace mobilenet::drawing {
namespace {

// A box with four round corners, on whole pixels.
struct Rounded {
  int left = 0, top = 0, right = 0, bottom = 0;
  const Corner* corner = nullptr;

  Rounded(const Box& box, double radius, Corners& corners)
      : left(static_cast<int>(box.left)),
        top(static_cast<int>(box.top)),
        right(static_cast<int>(box.right)),
        bottom(static_cast<int>(box.bottom)),
        corner(&corners.of(std::clamp(radius, 0.0, std::max(0.0, std::min(box.width(), box.height()) / 2)))) {}

  bool empty() const { return left >= right || top >= bottom; }
  // How much of 256 of a pixel is inside.
  int cover(int x, int y) const {
    if (x < left || x >= right || y < top || y >= bottom) return 0;
    return corner->at(std::min(x - left, right - 1 - x), std::min(y - top, bottom - 1 - y));
  }
};

// Between an outer box and an inner one, which may be empty.
class Ring {
 public:
  Ring(const Pixels& picture, const Rounded& outer, const Rounded& inner, Colour colour, int weight)
      : picture_(picture), outer_(outer), inner_(inner), colour_(colour), weight_(weight) {}

  void draw() const {
    // What is this far from the outer box's edges is straight.
    const auto depth = [&](int edge, int inner_edge) {
      return std::max(outer_.corner->side, inner_.empty() ? 0 : std::abs(inner_edge - edge) + inner_.corner->side);
    };
    const int left = outer_.left + depth(outer_.left, inner_.left);
    const int right = outer_.right - depth(outer_.right, inner_.right);
    const int top = outer_.top + depth(outer_.top, inner_.top);
    const int bottom = outer_.bottom - depth(outer_.bottom, inner_.bottom);
    if (left >= right || top >= bottom) {
      pixel_by_pixel(outer_.left, outer_.top, outer_.right, outer_.bottom);
      return;
    }
    pixel_by_pixel(outer_.left, outer_.top, left, top);
    pixel_by_pixel(right, outer_.top, outer_.right, top);
    pixel_by_pixel(outer_.left, bottom, left, outer_.bottom);
    pixel_by_pixel(right, bottom, outer_.right, outer_.bottom);
    const Brush brush(picture_, colour_, weight_);
    if (inner_.empty()) {
      brush.fill(picture_, left, outer_.top, right, top);
      brush.fill(picture_, outer_.left, top, outer_.right, bottom);
      brush.fill(picture_, left, bottom, right, outer_.bottom);
    } else {
      brush.fill(picture_, left, outer_.top, right, inner_.top);
      brush.fill(picture_, outer_.left, top, inner_.left, bottom);
      brush.fill(picture_, inner_.right, top, outer_.right, bottom);
      brush.fill(picture_, left, inner_.bottom, right, outer_.bottom);
    }
  }

 private:
  void pixel_by_pixel(int left, int top, int right, int bottom) const {
    left = std::max(left, 0), right = std::min(right, picture_.width);
    for (int y = std::max(top, 0); y < std::min(bottom, picture_.height); ++y) {
      for (int x = left; x < right; ++x) {
        const int cover = outer_.cover(x, y) - inner_.cover(x, y);
        if (cover > 0) blend(picture_, picture_.at(x, y), colour_, cover * weight_ >> 8);
      }
    }
  }

  const Pixels& picture_;
  const Rounded &outer_, &inner_;
  Colour colour_;
  int weight_;
};

}  // namespace

void Canvas::fill(const Box& box, double radius, Colour colour, double opacity) {
  fill_between(box, radius, {}, 0, colour, opacity);
}

void Canvas::fill_between(const Box& outer, double outer_radius, const Box& inner, double inner_radius, Colour colour,
                          double opacity) {
  const Rounded around(outer, outer_radius, tools_.corners), within(inner, inner_radius, tools_.corners);
  if (!around.empty()) Ring(picture_, around, within, colour, weight_of(opacity)).draw();
}

void Canvas::line(Point from, Point to, double width, Colour colour) {
  const double reach = width / 2 + 0.5;  // to where a pixel's centre may be
  const double across = to.x - from.x, down = to.y - from.y, length = std::hypot(across, down);
  const auto first = [&](double least) { return std::max(0, static_cast<int>(std::floor(least))); };
  const auto end = [&](double most, int limit) { return std::min(limit, static_cast<int>(std::ceil(most))); };
  const int bottom = end(std::max(from.y, to.y) + reach, picture_.height);
  for (int y = first(std::min(from.y, to.y) - reach); y < bottom; ++y) {
    double left = std::min(from.x, to.x) - reach, right = std::max(from.x, to.x) + reach;
    const double dy = y + 0.5 - from.y;
    if (down != 0) {  // only the part of the row that is near the line, which may be a long slanted one
      const double middle = from.x + dy * across / down, half = reach * length / std::abs(down);
      left = std::max(left, middle - half), right = std::min(right, middle + half);
    }
    for (int x = first(left); x < end(right, picture_.width); ++x) {
      const double dx = x + 0.5 - from.x;
      const double along = length > 0 ? std::clamp((dx * across + dy * down) / (length * length), 0.0, 1.0) : 0;
      const double distance = std::hypot(dx - along * across, dy - along * down);
      if (distance < reach) blend(picture_, picture_.at(x, y), colour, weight_of(std::min(1.0, reach - distance)));
    }
  }
}

void Canvas::text(double left, double baseline, std::string_view text, int font_size, Colour colour) {
  tools_.letters.draw(picture_, static_cast<int>(left), static_cast<int>(baseline), text, font_size, colour);
}

}  // namespace mobilenet::drawing
