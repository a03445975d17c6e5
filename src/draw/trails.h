// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where tracks were in the frames before, as lines that become thinner with age.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "draw/canvas.h"

namespace mobilenet::drawing {

class Trails {
 public:
  // `frames`: how many are remembered; 0: none.
  explicit Trails(int frames) : frames_(frames) {}

  // The next frame. Trails in a picture of another size are forgotten, and those whose tracks have been away for so
  // long that nothing of them is to be seen.
  void begin(const Pixels& picture);
  // Where a track is in it.
  void add(std::int64_t track, Point place);
  // What is behind the track, in front of which its frame is drawn.
  void draw(Canvas& canvas, std::int64_t track, Colour colour, int line) const;

 private:
  struct Place {
    Point point;
    std::int64_t frame = 0;
  };
  struct Trail {
    std::int64_t track = 0;
    std::size_t count = 0;      // of places so far
    std::vector<Place> places;  // in turn: place number i is at i % size
  };

  std::int64_t frames_, frame_ = 0;
  int width_ = 0, height_ = 0;
  std::vector<Trail> trails_;  // by track
};

}  // namespace mobilenet::drawing
