// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Colours of another profile, as sRGB.

#include <mobilenet/result.h>

#include "pictures/decode.h"

namespace mobilenet {

// Converts the pixels of a picture that brings a profile of red, green and blue, in place, as Pillow's
// ImageCms.profileToProfile does (perceptual intent), and takes the profile away. Other profiles, and none, change
// nothing. Fails where the profile is broken, and without Little CMS.
Result<void> convert_to_srgb(const PictureFile& file, DecodedPicture& picture);

}  // namespace mobilenet
