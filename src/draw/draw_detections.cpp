// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Boxes of objects and tracks, and plates with their labels where there is room for them.

#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "draw/canvas.h"
#include "draw/caption.h"
#include "draw/frame_stamp.h"
#include "draw/palette.h"
#include "draw/pixels.h"
#include "draw/proportions.h"

namespace mobilenet::drawing {
namespace {

// Plates must not cover each other and the picture: in a crowd, and in small pictures, those of lower scores show only
// their place in the list of answers, and at last nothing.
constexpr double kMaxHidden = 0.1;    // of a plate, by others
constexpr double kMaxNamed = 0.15;    // of the picture, by plates with names
constexpr double kMaxCovered = 0.35;  // of the picture, by all plates

constexpr std::int64_t kTrackColours = 100;  // of the palette, which repeats itself then

// What is to be drawn, and a number that an object has, of its class (detections) or for good (tracks).
struct Object {
  Detection detection;
  std::int64_t track = 0;  // 0: none
};

struct Mark {
  Box frame;  // the outer edge
  Colour colour;
  Box plate;
  std::string caption;  // on the plate; empty: it has none
};

// The frame's outer edge, on whole pixels so that it is sharp; false when there is nothing to see.
bool place_frame(const Detection& detection, const Box& picture, int line, Box& frame) {
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!finite(detection.left) || !finite(detection.top) || !finite(detection.right) || !finite(detection.bottom) ||
      detection.right < detection.left || detection.bottom < detection.top || detection.right <= picture.left ||
      detection.left >= picture.right || detection.bottom <= picture.top || detection.top >= picture.bottom) {
    return false;
  }
  // The line lies over the edge, half of it on each side, but inside the picture.
  const double outside = line / 2;
  frame.left = std::max(picture.left, std::round(detection.left) - outside);
  frame.top = std::max(picture.top, std::round(detection.top) - outside);
  frame.right = std::min(picture.right, std::round(detection.right) + outside);
  frame.bottom = std::min(picture.bottom, std::round(detection.bottom) + outside);
  // A box of less than a line becomes a dot.
  frame.right = std::max(frame.right, std::min(frame.left + line, picture.right));
  frame.bottom = std::max(frame.bottom, std::min(frame.top + line, picture.bottom));
  frame.left = std::min(frame.left, std::max(frame.right - line, picture.left));
  frame.top = std::min(frame.top, std::max(frame.bottom - line, picture.top));
  return true;
}

Box plate_for(std::string_view text, const Box& picture, double font_size) {
  const double width = text_width(text, font_size) + 2 * kCaptionMargin * font_size;
  return {0, 0, std::min(picture.width(), std::ceil(width)), std::ceil(kCaptionHeight * font_size)};
}

// Name, number and score, shortened to their room. Empty when there is none for a name.
std::string full_caption(const Object& object, const Box& picture, double font_size) {
  const Detection& detection = object.detection;
  std::string score = object.track > 0 ? " #" + std::to_string(object.track) : std::string();
  if (std::isfinite(detection.score)) score += ' ' + decimal(detection.score, 2);
  const double room = std::min(picture.width() - 2 * kCaptionMargin * font_size - text_width(score, font_size),
                               caption_room(static_cast<int>(picture.width()), font_size));
  const std::string name = shortened(class_caption(detection.class_index, detection.label), font_size, room);
  return name.empty() ? name : name + score;
}

// Moves the plate to where it touches no other plate: above the frame, else at the top inside, else at the other
// corners, else where it touches least. Always inside the picture. False: too much of it would be hidden.
bool place_plate(const Box& picture, std::span<const Box> taken, Mark& mark) {
  const double width = mark.plate.width(), height = mark.plate.height();
  const Box& frame = mark.frame;
  struct Corner {
    double left, top;
  };
  const std::array<Corner, 8> corners{{
      {frame.left, frame.top - height},
      {frame.left, frame.top},
      {frame.right - width, frame.top - height},
      {frame.right - width, frame.top},
      {frame.left, frame.bottom},
      {frame.left, frame.bottom - height},
      {frame.right - width, frame.bottom},
      {frame.right - width, frame.bottom - height},
  }};
  double least = -1;
  for (const Corner& corner : corners) {
    if (corner.top < picture.top || corner.top + height > picture.bottom) continue;
    const double left = std::clamp(corner.left, picture.left, picture.right - width);
    const Box plate{left, corner.top, left + width, corner.top + height};
    double hidden = 0;
    for (const Box& other : taken) hidden += plate.overlap(other);
    if (least < 0 || hidden < least) {
      least = hidden;
      mark.plate = plate;
    }
    if (hidden == 0) return true;
  }
  if (least >= 0) return least <= kMaxHidden * width * height;
  // A frame of nearly the picture's height, in a picture of little more than a plate's.
  if (!taken.empty()) return false;
  const double left = std::clamp(frame.left, picture.left, picture.right - width);
  const double top = std::clamp(frame.top, picture.top, picture.bottom - height);
  mark.plate = {left, top, left + width, top + height};
  return true;
}

void draw_plate(Canvas& canvas, const Mark& mark, double font_size, int line) {
  const double shade = shade_width(line), radius = 0.2 * font_size;
  canvas.fill_between(mark.plate.grown(shade), radius + shade, mark.plate, radius, {}, kShadeOpacity);
  canvas.fill(mark.plate, radius, mark.colour);
  const double left = std::round(mark.plate.left + kCaptionMargin * font_size);
  const double baseline = std::round(mark.plate.top + kCaptionBaseline * font_size);
  canvas.text(left, baseline, mark.caption, font_size, readable_on(mark.colour));
}

Result<void> draw_objects(const Pixels& picture, std::span<const Object> objects) {
  const Box whole{0, 0, double{1} * picture.width, double{1} * picture.height};
  const int line = line_width(picture.width, picture.height);
  const double font_size = caption_font_size(picture.width, picture.height);

  std::vector<const Object*> best_first;
  for (const Object& object : objects) best_first.push_back(&object);
  std::ranges::stable_sort(best_first, [](const Object* one, const Object* other) {
    const float a = one->detection.score, b = other->detection.score;
    return !std::isnan(a) && (std::isnan(b) || a > b);
  });

  std::vector<Mark> marks;
  std::vector<Box> plates;
  std::map<int, std::size_t> instances;
  double covered = 0;
  const double area = whole.width() * whole.height();
  const auto place = [&](Mark& mark, std::string caption, double limit) {
    mark.plate = plate_for(caption, whole, font_size);
    const double added = mark.plate.width() * mark.plate.height();
    if (caption.empty() || mark.plate.height() > whole.height() || covered + added > limit * area ||
        !place_plate(whole, plates, mark)) {
      return false;
    }
    mark.caption = std::move(caption);
    plates.push_back(mark.plate);
    covered += added;
    return true;
  };
  for (std::size_t i = 0; i < best_first.size(); ++i) {
    const auto& [detection, track] = *best_first[i];
    Mark mark;
    if (!place_frame(detection, whole, line, mark.frame)) continue;
    mark.colour = track > 0 ? class_colour(static_cast<int>(track % kTrackColours))
                            : instance_colour(detection.class_index, instances[detection.class_index]++);
    // The best has its name in any picture; where names have no room, a number tells which it is.
    const double limit = plates.empty() ? 1 : kMaxNamed;
    const std::string number = track > 0 ? "#" + std::to_string(track) : std::to_string(i + 1);
    if (!place(mark, full_caption(*best_first[i], whole, font_size), limit)) place(mark, number, kMaxCovered);
    marks.push_back(std::move(mark));
  }
  if (marks.empty()) return {};
  std::ranges::reverse(marks);  // the best is drawn last, over the others
  MOBILENET_TRY(const FrameStamp stamp, FrameStamp::create(line));
  for (const Mark& mark : marks) MOBILENET_CHECK(stamp.draw(picture, mark.frame, mark.colour));
  for (const Mark& mark : marks) {
    if (mark.caption.empty()) continue;
    MOBILENET_CHECK(paint(picture, mark.plate.grown(shade_width(line)),
                          [&](Canvas& canvas) { draw_plate(canvas, mark, font_size, line); }));
  }
  return {};
}

Result<void> draw_detections(const Pixels& picture, std::span<const Detection> detections) {
  std::vector<Object> objects;
  for (const Detection& detection : detections) objects.push_back({detection, 0});
  return draw_objects(picture, objects);
}

}  // namespace
}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::draw(const PixelBuffer& picture, std::span<const Detection> detections) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::pixels_of(picture));
  return drawing::draw_detections(pixels, detections);
} catch (...) {
  return caught("drawing objects");
}

mobilenet::Result<void> mobilenet::draw(const PixelBuffer& picture, std::span<const Track> tracks) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::pixels_of(picture));
  std::vector<drawing::Object> objects;
  for (const Track& track : tracks) objects.push_back({track.object, track.id});
  return drawing::draw_objects(pixels, objects);
} catch (...) {
  return caught("drawing tracks");
}

mobilenet::Result<void> mobilenet::draw(Image& picture, std::span<const Detection> detections) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::Pixels pixels, drawing::upright_pixels(picture));
  return drawing::draw_detections(pixels, detections);
} catch (...) {
  return caught("drawing objects");
}
