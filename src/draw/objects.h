// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Boxes of objects and tracks, and plates with their labels where there is room for them.

#include <mobilenet/results.h>
#include <mobilenet/tracker.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "draw/box.h"
#include "draw/canvas.h"
#include "draw/palette.h"
#include "draw/trails.h"

namespace mobilenet::drawing {

// Draws on one picture after the other, in the same memory.
class Objects {
 public:
  explicit Objects(int trail) : trails_(trail) {}

  void draw(Canvas& canvas, std::span<const Detection> detections);
  void draw(Canvas& canvas, std::span<const Track> tracks);

 private:
  struct Object {
    const Detection* detection = nullptr;
    std::int64_t track = 0;    // 0: none
    std::size_t rank = 0;      // from 1, in the order from those on top to those below
    std::size_t instance = 0;  // of its class, in this order
    Box frame{};               // the outer edge
    Box plate{};
    Colour colour{};
  };
  class Plates;

  // Leaves those that show something of themselves.
  void keep_visible(const Pixels& picture);
  void number_instances();
  void draw_objects(Canvas& canvas);

  std::vector<Object> objects_;        // those on top first
  std::vector<std::string> captions_;  // of each, on its plate; empty: it has none
  std::vector<std::size_t> by_class_;
  std::vector<Box> plates_;
  std::string numbers_;
  Trails trails_;
};

}  // namespace mobilenet::drawing
