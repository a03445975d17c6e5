// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The newest annotated frame, on its way from the thread that draws it to the one that shows it. Three frames in turn:
// one is drawn, one waits, one is shown; none is copied, and a frame that nobody came for is drawn over.

#include <mobilenet/image.h>
#include <mobilenet/runner.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mobilenet::cli {

struct LiveFrame {
  std::vector<std::byte> rgb;
  int width = 0, height = 0;
  std::string results;  // a JSON object
  RunnerStatistics statistics;

  PixelBuffer pixels() { return PixelBuffer::packed(rgb.data(), PixelFormat::rgb, width, height); }
  ImageView view() const { return ImageView::packed(rgb.data(), PixelFormat::rgb, width, height); }
};

class NewestFrame {
 public:
  // For the thread that draws: a frame of this size, which is given away when it is ready.
  LiveFrame& begin(int width, int height) {
    LiveFrame& frame = *drawn_;
    frame.width = width, frame.height = height;
    frame.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    return frame;
  }
  void give() {
    const std::lock_guard lock(mutex_);
    std::swap(drawn_, waiting_);
    is_new_ = true;
    changed_.notify_all();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  // For the thread that shows: whether a new frame has come, for so long at most. It is then shown().
  bool wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return is_new_ || ended_; });
    if (!is_new_) return false;
    is_new_ = false;
    has_one_ = true;
    std::swap(waiting_, shown_);
    return true;
  }
  bool has_one() const { return has_one_; }
  const LiveFrame& shown() const { return *shown_; }
  bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  LiveFrame frames_[3];
  LiveFrame *drawn_ = &frames_[0], *waiting_ = &frames_[1], *shown_ = &frames_[2];
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_new_ = false, ended_ = false, has_one_ = false;
};

}  // namespace mobilenet::cli
