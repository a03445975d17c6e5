// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/error.h"
#include "pictures/srgb.h"

namespace mobilenet {

Result<void> convert_to_srgb(const PictureFile& file, DecodedPicture& picture) {
  if (picture.metadata.icc_profile.empty()) return {};
  return failure(ErrorCode::unsupported, file.name,
                 ": has a colour profile, which this build cannot convert to sRGB: it was built without Little CMS "
                 "(MOBILENET_LCMS)");
}

}  // namespace mobilenet
