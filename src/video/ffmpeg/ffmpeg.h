// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What FFmpeg does for this library. ffmpeg_unavailable.cpp stands in where a build has none.

#include <mobilenet/video.h>

#include <memory>
#include <string>

#include "video/frame_source.h"

namespace mobilenet {

// Of a file, or of an address with "://".
Result<std::unique_ptr<FrameSource>> open_decoder(const std::string& source, const VideoOptions& options);

}  // namespace mobilenet
