// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "pictures/srgb.h"

#include <lcms2.h>

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "base/error.h"

namespace mobilenet {

Result<void> convert_to_srgb(const PictureFile& file, DecodedPicture& picture) {
  using Profile = std::unique_ptr<void, void (*)(void*)>;
  const auto close = [](void* profile) { cmsCloseProfile(profile); };
  const std::vector<std::byte>& bytes = picture.metadata.icc_profile;
  if (bytes.empty()) return {};
  // A context of its own: nothing is shared with an application that uses the library, too, and nothing is printed.
  const std::unique_ptr<_cmsContext_struct, void (*)(cmsContext)> context(cmsCreateContext(nullptr, nullptr),
                                                                          &cmsDeleteContext);
  if (!context) throw std::bad_alloc();
  const Profile from(cmsOpenProfileFromMemTHR(context.get(), bytes.data(), static_cast<cmsUInt32Number>(bytes.size())),
                     close);
  if (!from)
    return failure(ErrorCode::bad_format, file.name, ": its colour profile of ", bytes.size(),
                   " bytes is broken, so that it cannot be converted to sRGB");
  if (cmsGetColorSpace(from.get()) != cmsSigRgbData) return {};
  const Profile srgb(cmsCreate_sRGBProfileTHR(context.get()), close);
  if (!srgb) throw std::bad_alloc();
  const Profile transform(
      cmsCreateTransformTHR(context.get(), from.get(), TYPE_RGB_8, srgb.get(), TYPE_RGB_8, INTENT_PERCEPTUAL, 0),
      [](void* made) { cmsDeleteTransform(made); });
  if (!transform)
    return failure(ErrorCode::bad_format, file.name, ": its colour profile does not say how to convert it to sRGB");
  for (int y = 0; y < picture.height; ++y)
    cmsDoTransform(transform.get(), picture.row(y), picture.row(y), static_cast<cmsUInt32Number>(picture.width));
  picture.metadata.icc_profile.clear();
  return {};
}

}  // namespace mobilenet
