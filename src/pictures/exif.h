// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The few tags of an EXIF block that concern the pixels. Blocks are read and changed where they lie, so that a copy
// keeps everything else, makers' own notes with their absolute offsets too. A block starts with the TIFF header ("II"
// or "MM") and may be broken in any way.

#include <mobilenet/image.h>

#include <cstddef>
#include <optional>
#include <span>

namespace mobilenet {

// The orientation tag's number, whatever it is; none when there is no such tag.
std::optional<int> exif_orientation(std::span<const std::byte> exif);

// Makes the block that of a picture whose pixels were turned upright from `orientation`: the tag says 1, sides that are
// repeated in the block follow the turn, and the thumbnail, which shows the old picture, is overwritten and unlinked.
void make_exif_upright(std::span<std::byte> exif, Orientation orientation);

}  // namespace mobilenet
