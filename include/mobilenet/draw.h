// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Draws answers onto the picture that they are about. An optional part of the library, the CMake target
// mobilenet::draw: it needs Cairo and FreeType, and a build without them says so when it is asked to draw. Lines and
// letters scale with the picture, from icons to posters; the font is part of the library, so that the same picture
// comes out everywhere. Where drawing fails midway, for want of memory, the picture may be upright and drawn in part.
// Any number of threads may draw, each on its own picture.

#include <mobilenet/export.h>
#include <mobilenet/image.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>
#include <mobilenet/tracker.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace mobilenet {

// The error of builds that cannot draw, which says what to install; ask before any work is done.
MOBILENET_API Result<void> can_draw();

// Whether there is a font for every letter of this label. Classes whose labels nobody can write are drawn with their
// numbers: "class 7".
MOBILENET_API bool can_write(std::string_view label);

struct PainterOptions {
  // Frames over which Painter remembers where tracks were, and shows it as a line behind them, up to kLongestTrail.
  int trail = 0;
};

// Draws on the frames of a video: into pixels of the caller's (rgb, bgr, rgba or bgra; alpha stays as it is), of which
// nothing but what is drawn on is touched. It keeps letters, shapes and memory from frame to frame, so that frames like
// those before allocate nothing. Answers of any number may be drawn on a frame, one kind over the other, and the frames
// may change their size. Not thread-safe; a Painter that was moved from may only be destroyed or assigned to.
class MOBILENET_API Painter {
 public:
  static constexpr int kLongestTrail = 1000;

  // Fails in builds that cannot draw, as can_draw().
  static Result<Painter> create(const PainterOptions& options = {});
  Painter(Painter&&) noexcept;
  Painter& operator=(Painter&&) noexcept;
  ~Painter();

  // A frame in the colour of its class around each object, and a plate with its name and score that stays inside the
  // picture. Boxes are clipped to the picture; those that are not finite, inverted or wholly outside are left out.
  // Further objects of a class have lighter and darker shades of its colour. `detections` may be in any order: higher
  // scores are drawn over lower ones, whose plates show only their place in that order where names have no room, and
  // are left out at last, as they are behind the thousand of the highest scores.
  Result<void> draw(const PixelBuffer& picture, std::span<const Detection> detections);
  // The same with the numbers of objects beside their names, and in the colour that goes with the number; older tracks
  // are drawn over newer ones, so that nothing changes its place with its score.
  Result<void> draw(const PixelBuffer& picture, std::span<const Track> tracks);
  // Tints every class but the background (number 0 without a name, or named as lists of names do: "background") with
  // its colour, outlines the regions, and adds a legend with each class's share of the picture, in the corner where it
  // hides the least; from frame to frame it stays there until it hides much more than it would elsewhere. The mask must
  // be of the picture's size.
  Result<void> draw(const PixelBuffer& picture, const Segmentation& segmentation);
  // The first five, in the order that they are given in, on a panel in the upper left corner.
  Result<void> draw(const PixelBuffer& picture, std::span<const Classification> classes);
  // Lines of text, as of a frame rate, on a panel in the upper right corner.
  Result<void> draw_text(const PixelBuffer& picture, std::string_view lines);

 private:
  struct State;
  explicit Painter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// As a Painter of its own draws.
MOBILENET_API Result<void> draw(const PixelBuffer& picture, std::span<const Detection> detections);
MOBILENET_API Result<void> draw(const PixelBuffer& picture, std::span<const Track> tracks);
MOBILENET_API Result<void> draw(const PixelBuffer& picture, const Segmentation& segmentation);
MOBILENET_API Result<void> draw(const PixelBuffer& picture, std::span<const Classification> classes);
MOBILENET_API Result<void> draw_text(const PixelBuffer& picture, std::string_view lines);

// The same on a picture, which becomes upright first.
MOBILENET_API Result<void> draw(Image& picture, std::span<const Detection> detections);
MOBILENET_API Result<void> draw(Image& picture, const Segmentation& segmentation);
MOBILENET_API Result<void> draw(Image& picture, std::span<const Classification> classes);

}  // namespace mobilenet
