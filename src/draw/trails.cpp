// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/trails.h"

#include <algorithm>

namespace mobilenet::drawing {
namespace {

constexpr std::size_t kMostTrails = 1000;
constexpr double kThinnest = 0.25;  // of a line

}  // namespace

void Trails::begin(const Pixels& picture) {
  if (picture.width != width_ || picture.height != height_) trails_.clear();
  width_ = picture.width, height_ = picture.height;
  ++frame_;
  std::erase_if(trails_, [&](const Trail& trail) {
    return frame_ - trail.places[(trail.count - 1) % trail.places.size()].frame > frames_;
  });
}

void Trails::add(std::int64_t track, Point place) {
  if (frames_ == 0) return;
  auto trail = std::ranges::lower_bound(trails_, track, {}, &Trail::track);
  if (trail == trails_.end() || trail->track != track) {
    if (trails_.size() >= kMostTrails) return;
    // A place more than lines.
    trail = trails_.insert(trail, {track, 0, std::vector<Place>(static_cast<std::size_t>(frames_) + 1)});
  }
  trail->places[trail->count++ % trail->places.size()] = {place, frame_};
}

void Trails::draw(Canvas& canvas, std::int64_t track, Colour colour, int line) const {
  const auto trail = std::ranges::lower_bound(trails_, track, {}, &Trail::track);
  if (trail == trails_.end() || trail->track != track) return;
  const std::size_t size = trail->places.size(), known = std::min(trail->count, size);
  for (std::size_t i = trail->count - known + 1; i < trail->count; ++i) {
    const Place &from = trail->places[(i - 1) % size], &to = trail->places[i % size];
    const std::int64_t age = frame_ - from.frame;
    if (age > frames_) continue;
    const double share = 1 - static_cast<double>(age) / static_cast<double>(frames_ + 1);
    canvas.line(from.point, to.point, std::max(1.0, line * (kThinnest + (1 - kThinnest) * share)), colour);
  }
}

}  // namespace mobilenet::drawing
