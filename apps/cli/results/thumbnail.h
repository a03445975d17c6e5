// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Small copies of pictures, for pages that show many.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include "cli/results/picture_answer.h"

namespace mobilenet::cli {

inline constexpr int kThumbnailSide = 240;  // of the longer side, at most

// Upright; every pixel the mean of those that it stands for. Not larger than the picture.
Result<Image> make_thumbnail(const Image& picture);
// Draws the answer on a thumbnail of its picture: boxes and mask become as small.
Result<void> draw_small(Image& thumbnail, const PictureAnswer& answer);

}  // namespace mobilenet::cli
