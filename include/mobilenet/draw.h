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

#include <span>
#include <string_view>

namespace mobilenet {

// The error of builds that cannot draw, which says what to install; ask before any work is done.
MOBILENET_API Result<void> can_draw();

// Whether there is a font for every letter of this label. Classes whose labels nobody can write are drawn with their
// numbers: "class 7".
MOBILENET_API bool can_write(std::string_view label);

// A frame in the colour of its class around each object, and a plate with its name and score that stays inside the
// picture, which becomes upright. Boxes are clipped to the picture; those that are not finite, inverted or wholly
// outside are left out. Further objects of a class have lighter and darker shades of its colour. `detections` may be in
// any order: higher scores are drawn over lower ones, whose plates show only their place in that order where names have
// no room, and are left out at last.
MOBILENET_API Result<void> draw(Image& picture, std::span<const Detection> detections);

// Tints every class but the background (number 0 without a name, or named as lists of names do: "background") with its
// colour, outlines the regions, and adds a legend with each class's share of the picture, which becomes upright. The
// mask must be of its size.
MOBILENET_API Result<void> draw(Image& picture, const Segmentation& segmentation);

// The best five, in the order that they are given in, on a panel in the upper left corner.
MOBILENET_API Result<void> draw(Image& picture, std::span<const Classification> classes);

// The same on pixels of the caller's, for video: nothing but what is drawn is touched or copied.
MOBILENET_API Result<void> draw(const PixelBuffer& picture, std::span<const Detection> detections);
MOBILENET_API Result<void> draw(const PixelBuffer& picture, const Segmentation& segmentation);
MOBILENET_API Result<void> draw(const PixelBuffer& picture, std::span<const Classification> classes);
// Objects with their numbers, each in a colour that goes with the number.
MOBILENET_API Result<void> draw(const PixelBuffer& picture, std::span<const Track> tracks);
// Lines of text, as of a frame rate, on a panel in the upper right corner.
MOBILENET_API Result<void> draw_text(const PixelBuffer& picture, std::string_view lines);

}  // namespace mobilenet
