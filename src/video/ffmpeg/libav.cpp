// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "video/ffmpeg/libav.h"

#include "base/run_time_library.h"

namespace mobilenet::libav {
namespace {

using Function = RunTimeLibrary::Function;
constexpr const char* kUse = "videos";
constexpr Function kFormat[] = {MOBILENET_AVFORMAT_FUNCTIONS(MOBILENET_RUN_TIME_FUNCTION)};
constexpr Function kCodec[] = {MOBILENET_AVCODEC_FUNCTIONS(MOBILENET_RUN_TIME_FUNCTION)};
constexpr Function kUtil[] = {MOBILENET_AVUTIL_FUNCTIONS(MOBILENET_RUN_TIME_FUNCTION)};
constexpr Function kScale[] = {MOBILENET_SWSCALE_FUNCTIONS(MOBILENET_RUN_TIME_FUNCTION)};

}  // namespace

Result<void> load() {
  // What the others need comes first, so that an error names what is missing.
  static constinit RunTimeLibrary libraries[] = {{kUse, MOBILENET_SONAME_OF_AVUTIL, kUtil},
                                                 {kUse, MOBILENET_SONAME_OF_SWSCALE, kScale},
                                                 {kUse, MOBILENET_SONAME_OF_AVCODEC, kCodec},
                                                 {kUse, MOBILENET_SONAME_OF_AVFORMAT, kFormat}};
  for (RunTimeLibrary& library : libraries) MOBILENET_CHECK(library.open());
  return {};
}

}  // namespace mobilenet::libav
