// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A video, or a camera, through a network: frames are read, computed and answered at the same time, answers come in
// the frames' order.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/runner.h>
#include <mobilenet/video.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace mobilenet::cli {

// Of one frame, on a thread of the Runner, one call at a time. The frame is what the reader gave. An error ends the
// loop.
using AnswerFrame = std::function<Result<void>(const VideoFrame& frame, const Result<Prediction>& prediction)>;

class FrameLoop {
 public:
  struct Options {
    RunnerOptions runner;
    std::optional<Orientation> orientation;  // instead of the source's own
    std::int64_t frames = 0;                 // after so many it ends; 0: with the source
  };

  static Result<FrameLoop> create(const Model& model, const Options& options);
  FrameLoop(FrameLoop&&) noexcept;
  ~FrameLoop();

  // Until the source ends, a frame's answer fails, or stop() is called. `ready`, where given, is asked before a frame
  // is computed, and may wait: false ends the loop, too.
  Result<void> run(VideoReader& reader, const AnswerFrame& answer,
                   const std::function<bool(const VideoFrame&)>& ready = {});
  // From any thread; frames in flight are answered yet.
  void stop(VideoReader& reader);

  std::int64_t frames() const { return frames_; }  // that were read
  const Runner& runner() const { return runner_; }

 private:
  struct Slots;
  FrameLoop(Runner runner, const Options& options);

  Options options_;
  std::unique_ptr<Slots> slots_;
  std::int64_t frames_ = 0;
  Runner runner_;  // last, so that nothing is in flight when the others go
};

}  // namespace mobilenet::cli
