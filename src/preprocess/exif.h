// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The orientation inside a block of EXIF data.

#include <mobilenet/image.h>

#include <cstddef>
#include <span>

namespace mobilenet {

// `tiff` starts with the TIFF header ("II" or "MM"). Data without a valid orientation counts as upright.
#ifdef MOBILENET_WITH_EXIF
Orientation exif_orientation(std::span<const std::byte> tiff);
#else
inline Orientation exif_orientation(std::span<const std::byte>) { return Orientation::upright; }
#endif

}  // namespace mobilenet
