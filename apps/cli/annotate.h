// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Draws what a network found onto the picture. Lines and letters scale with the picture, from icons to posters. The
// font is part of the program, so that the same picture comes out everywhere.

#include <mobilenet/image.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <functional>
#include <span>

#include "cli/output/pending_file.h"
#include "cli/rgb_picture.h"

namespace mobilenet::cli {

// The error of builds that cannot draw, which says what to install; ask before any work is done.
Result<void> can_annotate();

// A frame in class_colour(class_index) around each object, and a plate with its name and score that stays inside the
// picture. Boxes are clipped to the picture; those that are not finite, inverted or wholly outside are left out.
// Further objects of a class have lighter and darker shades of its colour. `detections` may be in any order: higher
// scores are drawn over lower ones, whose plates show only their place in that order where names have no room, and are
// left out at last.
Result<void> draw_detections(RgbPicture& picture, std::span<const Detection> detections);

// Tints every class but the background (number 0 without a name, or named "background") with class_colour(index),
// outlines the regions, and adds a legend with each class's share of the picture. The mask must be of its size.
Result<void> draw_segmentation(RgbPicture& picture, const Segmentation& segmentation);

// Draws on a copy of the upright picture and writes it as PNG or JPEG, by the ending of its name, with the picture's
// EXIF block, made upright, and its colour profile where that describes RGB.
Result<void> annotate_file(const Destination& destination, const Image& image,
                           const std::function<Result<void>(RgbPicture&)>& draw);

// The weight of the colour in a tinted pixel; the picture has the rest.
inline constexpr double kMaskOpacity = 0.5;
// Thickness in pixels of frames and outlines in a picture of this size: 2 at 640 x 480.
int line_width(int picture_width, int picture_height);
// What tells lines and plates from any background: a thin black shade of this width and opacity around them.
int shade_width(int line);
inline constexpr double kShadeOpacity = 0.35;

}  // namespace mobilenet::cli
