// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/objects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "draw/caption.h"
#include "draw/proportions.h"

namespace mobilenet::drawing {
namespace {

// Plates must not cover each other and the picture: in a crowd, and in small pictures, those of lower scores show only
// their place in the list of answers, and at last nothing.
constexpr double kMaxHidden = 0.1;         // of a plate, by others
constexpr double kMaxNamed = 0.15;         // of the picture, by plates with names
constexpr double kMaxCovered = 0.35;       // of the picture, by all plates
constexpr std::size_t kMostPlates = 1000;  // are tried; each is compared with all others

constexpr std::int64_t kTrackColours = 100;  // of the palette, which repeats itself then

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

// Moves the plate to where it touches no other plate: above the frame, else at the top inside, else at the other
// corners, else where it touches least. Always inside the picture. False: too much of it would be hidden.
bool place_plate(const Box& picture, std::span<const Box> taken, const Box& frame, Box& plate) {
  const double width = plate.width(), height = plate.height();
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
    const Box candidate{left, corner.top, left + width, corner.top + height};
    double hidden = 0;
    for (const Box& other : taken) hidden += candidate.overlap(other);
    if (least < 0 || hidden < least) {
      least = hidden;
      plate = candidate;
    }
    if (hidden == 0) return true;
  }
  if (least >= 0) return least <= kMaxHidden * width * height;
  // A frame of nearly the picture's height, in a picture of little more than a plate's.
  if (!taken.empty()) return false;
  const double left = std::clamp(frame.left, picture.left, picture.right - width);
  const double top = std::clamp(frame.top, picture.top, picture.bottom - height);
  plate = {left, top, left + width, top + height};
  return true;
}

void draw_frame(Canvas& canvas, const Box& frame, Colour colour, int line) {
  const double shade = shade_width(line);
  const double radius = line >= 2 ? 1.5 * line : 0;
  const Box inner = frame.grown(-line);
  const double inner_radius = std::max(0.0, radius - line);
  canvas.fill_between(frame.grown(shade), radius + shade, frame, radius, {}, kShadeOpacity);
  if (inner.width() > 0 && inner.height() > 0) {
    canvas.fill_between(inner, inner_radius, inner.grown(-shade), std::max(0.0, inner_radius - shade), {},
                        kShadeOpacity);
  }
  canvas.fill_between(frame, radius, inner, inner_radius, colour);
}

void draw_plate(Canvas& canvas, const Box& plate, std::string_view caption, Colour colour, int font_size, int line) {
  const double shade = shade_width(line), radius = 0.2 * font_size;
  canvas.fill_between(plate.grown(shade), radius + shade, plate, radius, {}, kShadeOpacity);
  canvas.fill(plate, radius, colour);
  const double left = std::round(plate.left + kCaptionMargin * font_size);
  const double baseline = std::round(plate.top + kCaptionBaseline * font_size);
  canvas.text(left, baseline, caption, font_size, readable_on(colour));
}

Box whole(const Pixels& picture) { return {0, 0, double{1} * picture.width, double{1} * picture.height}; }

}  // namespace

// Where the plates of one picture go, and what they say.
class Objects::Plates {
 public:
  Plates(const Canvas& canvas, std::vector<Box>& taken, std::string& words)
      : letters_(canvas.letters()),
        whole_(whole(canvas.picture())),
        font_size_(caption_font_size(canvas.picture().width, canvas.picture().height)),
        taken_(taken),
        numbers_(words) {
    taken_.clear();
  }

  // Name, number and score; else a number that tells which it is; else nothing: the object has no plate.
  void place(Object& object, std::string& caption) {
    caption.clear();
    if (object.rank > kMostPlates) return;
    write_name(object, caption);
    // The best has its name in any picture.
    if (fits(taken_.empty() ? 1 : kMaxNamed, object, caption)) return;
    caption.clear();
    if (object.track > 0) caption += '#';
    append_number(caption, object.track > 0 ? object.track : static_cast<std::int64_t>(object.rank));
    if (!fits(kMaxCovered, object, caption)) caption.clear();
  }

 private:
  // Shortened to its room; nothing when there is none for a name.
  void write_name(const Object& object, std::string& caption) {
    const Detection& detection = *object.detection;
    numbers_.clear();
    if (object.track > 0) {
      numbers_ += " #";
      append_number(numbers_, object.track);
    }
    if (std::isfinite(detection.score)) {
      numbers_ += ' ';
      append_decimal(numbers_, detection.score, 2);
    }
    const double margins = 2 * kCaptionMargin * font_size_;
    const double room = std::min(whole_.width() - margins - letters_.width(numbers_, font_size_),
                                 caption_room(static_cast<int>(whole_.width()), font_size_));
    append_class(caption, detection.class_index, detection.label, letters_, font_size_);
    shorten(caption, letters_, font_size_, room);
    if (!caption.empty()) caption += numbers_;
  }

  bool fits(double limit, Object& object, std::string_view caption) {
    if (caption.empty()) return false;
    const double width = letters_.width(caption, font_size_) + 2 * kCaptionMargin * font_size_;
    object.plate = {0, 0, std::min(whole_.width(), std::ceil(width)), std::ceil(kCaptionHeight * font_size_)};
    const double area = object.plate.width() * object.plate.height();
    if (object.plate.height() > whole_.height() || covered_ + area > limit * whole_.width() * whole_.height() ||
        !place_plate(whole_, taken_, object.frame, object.plate)) {
      return false;
    }
    taken_.push_back(object.plate);
    covered_ += area;
    return true;
  }

  Letters& letters_;
  Box whole_;
  int font_size_;
  std::vector<Box>& taken_;
  std::string& numbers_;  // beside a name
  double covered_ = 0;
};

void Objects::draw(Canvas& canvas, std::span<const Detection> detections) {
  objects_.clear();
  for (const Detection& detection : detections) objects_.push_back({&detection});
  // Higher scores first; those that are no numbers last.
  std::ranges::sort(objects_, [](const Object& a, const Object& b) {
    const float one = a.detection->score, other = b.detection->score;
    if (one == other || (std::isnan(one) && std::isnan(other))) return a.detection < b.detection;
    return std::isnan(other) || one > other;
  });
  keep_visible(canvas.picture());
  number_instances();
  for (Object& object : objects_) object.colour = instance_colour(object.detection->class_index, object.instance);
  draw_objects(canvas);
}

void Objects::draw(Canvas& canvas, std::span<const Track> tracks) {
  objects_.clear();
  for (const Track& track : tracks) objects_.push_back({&track.object, track.id});
  std::ranges::sort(objects_, [](const Object& a, const Object& b) {
    return a.track != b.track ? a.track < b.track : a.detection < b.detection;
  });
  keep_visible(canvas.picture());
  trails_.begin(canvas.picture());
  for (Object& object : objects_) {
    object.colour = class_colour(static_cast<int>(object.track % kTrackColours));
    const Box& frame = object.frame;
    trails_.add(object.track, {(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2});
  }
  const int line = line_width(canvas.picture().width, canvas.picture().height);
  for (auto object = objects_.rbegin(); object != objects_.rend(); ++object)
    trails_.draw(canvas, object->track, object->colour, line);
  draw_objects(canvas);
}

void Objects::keep_visible(const Pixels& picture) {
  const int line = line_width(picture.width, picture.height);
  std::size_t rank = 0;
  for (Object& object : objects_) object.rank = ++rank;
  std::erase_if(objects_,
                [&](Object& object) { return !place_frame(*object.detection, whole(picture), line, object.frame); });
}

// The first of a class has the class's own colour.
void Objects::number_instances() {
  by_class_.resize(objects_.size());
  std::iota(by_class_.begin(), by_class_.end(), std::size_t{0});
  const auto class_of = [&](std::size_t i) { return objects_[i].detection->class_index; };
  std::ranges::sort(by_class_, [&](std::size_t a, std::size_t b) {
    return class_of(a) != class_of(b) ? class_of(a) < class_of(b) : a < b;
  });
  for (std::size_t i = 1; i < by_class_.size(); ++i) {
    const std::size_t object = by_class_[i], before = by_class_[i - 1];
    if (class_of(object) == class_of(before)) objects_[object].instance = objects_[before].instance + 1;
  }
}

void Objects::draw_objects(Canvas& canvas) {
  const int line = line_width(canvas.picture().width, canvas.picture().height);
  const int font_size = caption_font_size(canvas.picture().width, canvas.picture().height);
  Plates plates(canvas, plates_, numbers_);
  if (captions_.size() < objects_.size()) captions_.resize(objects_.size());
  for (std::size_t i = 0; i < objects_.size(); ++i) plates.place(objects_[i], captions_[i]);
  // The best is drawn last, over the others.
  for (auto object = objects_.rbegin(); object != objects_.rend(); ++object)
    draw_frame(canvas, object->frame, object->colour, line);
  for (std::size_t i = objects_.size(); i-- > 0;)
    if (!captions_[i].empty()) draw_plate(canvas, objects_[i].plate, captions_[i], objects_[i].colour, font_size, line);
}

}  // namespace mobilenet::drawing
