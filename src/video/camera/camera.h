// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Cameras of Linux (V4L2).

#include <mobilenet/video.h>

#include <memory>
#include <string>

#include "video/camera/camera_system.h"
#include "video/frame_source.h"

namespace mobilenet {

// `source` is what the caller calls it: "0".
Result<std::unique_ptr<FrameSource>> open_camera(const std::string& source, const std::string& device,
                                                 const VideoOptions& options,
                                                 CameraSystem& system = CameraSystem::real());

}  // namespace mobilenet
