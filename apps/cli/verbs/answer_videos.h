// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the verbs that answer about pictures do with those that move: videos, cameras and streams, one after the other.

#include <mobilenet/model.h>
#include <mobilenet/runner.h>
#include <mobilenet/session.h>
#include <mobilenet/video.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/arguments/picture_sources.h"
#include "cli/frames/frame_answer.h"
#include "cli/frames/video_outputs.h"

namespace CLI {
class App;
}

namespace mobilenet::cli {

struct VideoArguments {
  VideoOptions options;                    // of the reader
  std::optional<Orientation> orientation;  // instead of the sources' own
  int frames = 0;                          // of each source; 0: all
};

// --frames, --camera
void add_video_options(CLI::App& app, VideoArguments& arguments);
// --smooth
void add_smooth_option(CLI::App& app, double& seconds);

struct FrameRun {
  std::span<const MovingSource> sources;
  const VideoArguments& arguments;
  const Model& model;
  const SessionOptions& session;
  bool json = false;  // also for errors
};

// Hands every frame of every source over, in order; the answers to a source's frames one at a time. A source that
// cannot be read, or ends with an error, makes the exit code 1 and does not stop the others, and so does a frame that
// has no answer. Ctrl-C ends a camera or stream as if it had ended.
using TakeFrame =
    std::function<Result<void>(const MovingSource& source, const VideoFrame& frame, const Prediction& prediction)>;
int go_through_videos(const FrameRun& run, const TakeFrame& take);

// The same with a line for every frame, and annotated videos where they are wanted.
int answer_videos(const FrameRun& run, const FrameAnswerOptions& options, const VideoOutputs& annotated);

// "1:05.040": minutes and seconds, with hours where there are some.
std::string clock_text(double seconds);

}  // namespace mobilenet::cli
