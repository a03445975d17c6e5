// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The version of the library, and the codecs and libraries that this build has.

#include <mobilenet/version.h>

#include <array>

// CMake gives the commit, and the version of every component that was found (cmake/components.cmake).
#ifndef MOBILENET_COMMIT
#define MOBILENET_COMMIT "unknown"
#endif
#ifndef MOBILENET_VERSION_OF_JPEG
#define MOBILENET_VERSION_OF_JPEG ""
#endif
#ifndef MOBILENET_VERSION_OF_PNG
#define MOBILENET_VERSION_OF_PNG ""
#endif
#ifndef MOBILENET_VERSION_OF_WEBP
#define MOBILENET_VERSION_OF_WEBP ""
#endif
#ifndef MOBILENET_VERSION_OF_TIFF
#define MOBILENET_VERSION_OF_TIFF ""
#endif
#ifndef MOBILENET_VERSION_OF_HEIF
#define MOBILENET_VERSION_OF_HEIF ""
#endif
#ifndef MOBILENET_VERSION_OF_AVIF
#define MOBILENET_VERSION_OF_AVIF ""
#endif
#ifndef MOBILENET_VERSION_OF_LCMS
#define MOBILENET_VERSION_OF_LCMS ""
#endif
#ifndef MOBILENET_VERSION_OF_ZIP
#define MOBILENET_VERSION_OF_ZIP ""
#endif
#ifndef MOBILENET_VERSION_OF_CAIRO
#define MOBILENET_VERSION_OF_CAIRO ""
#endif
#ifndef MOBILENET_VERSION_OF_FONTCONFIG
#define MOBILENET_VERSION_OF_FONTCONFIG ""
#endif
#ifndef MOBILENET_VERSION_OF_SDL
#define MOBILENET_VERSION_OF_SDL ""
#endif
#ifndef MOBILENET_VERSION_OF_CURL
#define MOBILENET_VERSION_OF_CURL ""
#endif
#ifndef MOBILENET_VERSION_OF_CRYPTO
#define MOBILENET_VERSION_OF_CRYPTO ""
#endif
#ifndef MOBILENET_VERSION_OF_ARCHIVE
#define MOBILENET_VERSION_OF_ARCHIVE ""
#endif
#ifndef MOBILENET_VERSION_OF_CUDA
#define MOBILENET_VERSION_OF_CUDA ""
#endif
#ifndef MOBILENET_VERSION_OF_FFMPEG
#define MOBILENET_VERSION_OF_FFMPEG ""
#endif

#define MOBILENET_TEXT_INNER(x) #x
#define MOBILENET_TEXT(x) MOBILENET_TEXT_INNER(x)

namespace mobilenet {

std::string_view version() {
  return MOBILENET_TEXT(MOBILENET_VERSION_MAJOR) "." MOBILENET_TEXT(MOBILENET_VERSION_MINOR) "." MOBILENET_TEXT(
      MOBILENET_VERSION_PATCH);
}

std::string_view commit() { return MOBILENET_COMMIT; }

std::span<const Component> components() {
  static constexpr std::array kList{Component{"jpeg (libjpeg-turbo)", MOBILENET_VERSION_OF_JPEG},
                                    Component{"png (libspng)", MOBILENET_VERSION_OF_PNG},
                                    Component{"webp (libwebp)", MOBILENET_VERSION_OF_WEBP},
                                    Component{"tiff (libtiff)", MOBILENET_VERSION_OF_TIFF},
                                    Component{"heic (libheif)", MOBILENET_VERSION_OF_HEIF},
                                    Component{"avif (libavif)", MOBILENET_VERSION_OF_AVIF},
                                    Component{"colour profiles (lcms2)", MOBILENET_VERSION_OF_LCMS},
                                    Component{"zip (libzip)", MOBILENET_VERSION_OF_ZIP},
                                    Component{"windows (sdl2)", MOBILENET_VERSION_OF_SDL},
                                    Component{"downloads (libcurl)", MOBILENET_VERSION_OF_CURL},
                                    Component{"checksums of downloads (libcrypto)", MOBILENET_VERSION_OF_CRYPTO},
                                    Component{"archives of downloads (libarchive)", MOBILENET_VERSION_OF_ARCHIVE},
                                    Component{"GPUs of NVIDIA (cuda)", MOBILENET_VERSION_OF_CUDA},
                                    Component{"annotated pictures (cairo)", MOBILENET_VERSION_OF_CAIRO},
                                    Component{"fonts of the machine (fontconfig)", MOBILENET_VERSION_OF_FONTCONFIG},
                                    Component{"videos (ffmpeg)", MOBILENET_VERSION_OF_FFMPEG}};
  return kList;
}

}  // namespace mobilenet
