// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where frames come from: a decoder of files and streams, or a camera.

#include <mobilenet/video.h>

#include <atomic>
#include <cstdint>

namespace mobilenet {

class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  virtual Result<bool> next(VideoFrame& frame) = 0;

  const VideoInfo& info() const { return info_; }
  void interrupt() { interrupted_ = true; }
  std::int64_t damaged() const { return damaged_; }

 protected:
  VideoInfo info_;
  std::atomic<bool> interrupted_ = false;
  std::atomic<std::int64_t> damaged_ = 0;
  std::int64_t frames_ = 0;  // that were given
};

}  // namespace mobilenet
