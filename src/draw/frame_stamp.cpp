// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/frame_stamp.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "draw/proportions.h"

namespace mobilenet::drawing {
namespace {

constexpr Colour kWhite{255, 255, 255};

// What shapes cover of the upper left `side` pixels of a square, of 256.
Result<std::vector<std::uint16_t>> cover(int side, const std::function<void(Canvas&)>& shapes) {
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 3);
  const Pixels pixels{side, side, rgb.data(), std::ptrdiff_t{side} * 3};
  MOBILENET_CHECK(paint(pixels, {0, 0, double{1} * side, double{1} * side}, shapes));
  std::vector<std::uint16_t> covered;
  for (std::size_t i = 0; i < rgb.size(); i += 3)
    covered.push_back(static_cast<std::uint16_t>(std::lround(rgb[i] * 256 / 255.0)));
  return covered;
}

}  // namespace

FrameStamp::FrameStamp(int line)
    : line_(line),
      shade_(shade_width(line)),
      radius_(line >= 2 ? 1.5 * line : 0),
      inner_radius_(std::max(0.0, radius_ - line)),
      side_(shade_ + std::max(static_cast<int>(std::ceil(radius_)), line_ + shade_)) {}

Result<FrameStamp> FrameStamp::create(int line) {
  FrameStamp stamp(line);
  // A frame so large that its other corners are out of sight.
  const double far = 4.0 * stamp.side_;
  const Box frame{double{1} * stamp.shade_, double{1} * stamp.shade_, far, far};
  const Box inner = frame.grown(-line);
  MOBILENET_TRY(stamp.line_cover_, cover(stamp.side_, [&](Canvas& canvas) {
                  canvas.fill_between(frame, stamp.radius_, inner, stamp.inner_radius_, kWhite);
                }));
  MOBILENET_TRY(stamp.shade_cover_, cover(stamp.side_, [&](Canvas& canvas) {
                  canvas.fill_between(frame.grown(stamp.shade_), stamp.radius_ + stamp.shade_, frame, stamp.radius_,
                                      kWhite, kShadeOpacity);
                  canvas.fill_between(inner, stamp.inner_radius_, inner.grown(-stamp.shade_),
                                      std::max(0.0, stamp.inner_radius_ - stamp.shade_), kWhite, kShadeOpacity);
                }));
  return stamp;
}

void FrameStamp::stamp_corner(const Pixels& picture, int left, int top, bool from_right, bool from_bottom,
                              Colour colour) const {
  for (int y = 0; y < side_; ++y) {
    const int row = top + y;
    if (row < 0 || row >= picture.height) continue;
    for (int x = 0; x < side_; ++x) {
      const int column = left + x;
      if (column < 0 || column >= picture.width) continue;
      const int place = (from_bottom ? side_ - 1 - y : y) * side_ + (from_right ? side_ - 1 - x : x);
      const int shade = shade_cover_[static_cast<std::size_t>(place)];
      const int line = line_cover_[static_cast<std::size_t>(place)];
      std::uint8_t* const pixel = picture.at(column, row);
      if (shade > 0) blend(picture, pixel, {}, shade);
      if (line > 0) blend(picture, pixel, colour, line);
    }
  }
}

// A frame whose corners meet.
Result<void> FrameStamp::draw_whole(const Pixels& picture, const Box& frame, Colour colour) const {
  const Box inner = frame.grown(-line_);
  return paint(picture, frame.grown(shade_ + 1), [&](Canvas& canvas) {
    canvas.fill_between(frame.grown(shade_), radius_ + shade_, frame, radius_, {}, kShadeOpacity);
    if (inner.width() > 0 && inner.height() > 0)
      canvas.fill_between(inner, inner_radius_, inner.grown(-shade_), std::max(0.0, inner_radius_ - shade_), {},
                          kShadeOpacity);
    canvas.fill_between(frame, radius_, inner, inner_radius_, colour);
  });
}

Result<void> FrameStamp::draw(const Pixels& picture, const Box& frame, Colour colour) const {
  const int left = static_cast<int>(frame.left) - shade_, top = static_cast<int>(frame.top) - shade_;
  const int right = static_cast<int>(frame.right) + shade_, bottom = static_cast<int>(frame.bottom) + shade_;
  if (right - left < 2 * side_ || bottom - top < 2 * side_) return draw_whole(picture, frame, colour);
  for (const bool from_right : {false, true})
    for (const bool from_bottom : {false, true})
      stamp_corner(picture, from_right ? right - side_ : left, from_bottom ? bottom - side_ : top, from_right,
                   from_bottom, colour);
  const Brush dark(picture, {}, static_cast<int>(std::lround(256 * kShadeOpacity)));
  const Brush bright(picture, colour, 256);
  // Between the corners: shade, line, shade.
  const int outer = shade_, inner = shade_ + line_, end = inner + shade_;
  const auto across = [&](const Brush& brush, int from, int to) {
    brush.fill(left + side_, top + from, right - side_, top + to);
    brush.fill(left + side_, bottom - to, right - side_, bottom - from);
    brush.fill(left + from, top + side_, left + to, bottom - side_);
    brush.fill(right - to, top + side_, right - from, bottom - side_);
  };
  across(dark, 0, outer);
  across(bright, outer, inner);
  across(dark, inner, end);
  return {};
}

}  // namespace mobilenet::drawing
