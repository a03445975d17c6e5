// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What is made of a network's answers when pictures follow each other: objects get numbers, classes and masks become
// steadier, and the answer is shown as JSON, as a line, or on the frame itself. One for every source, as it remembers.

#include <mobilenet/draw.h>
#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/runner.h>

#include <memory>
#include <string>

#include "cli/output/output.h"

namespace mobilenet::cli {

struct FrameAnswerOptions {
  bool track = false;         // detectors: objects keep a number
  double smooth_seconds = 0;  // classifiers and segmenters: how long an answer takes to change; 0: at once
  float score = 0.5f;         // detectors: of objects to be shown; trackers see lower ones, too
  int top = 5;                // classifiers: classes shown
  int most = 0;               // detectors: objects shown; 0: all
  bool clip = false;          // detectors: boxes end at the frame's edges
};

// For a source's frames: letters and memory are kept from frame to frame, and objects with numbers leave a trail.
inline constexpr PainterOptions kFramePainter{.trail = 30};

class FrameAnswer {
 public:
  virtual ~FrameAnswer() = default;

  // The answer to the next frame, `seconds` after the first. Frames come in order; what the others show is this one's.
  virtual Result<void> take(const Prediction& frame, double seconds) = 0;
  virtual void describe(Json& line) const = 0;
  // One line, without its end: "person 0.91, dog 0.80".
  virtual std::string text() const = 0;
  // Of the frame's upright size.
  virtual Result<void> draw_on(const PixelBuffer& frame, Painter& painter) const = 0;
  // "42 found"; empty: nothing to say at the end.
  virtual std::string summary() const { return {}; }
};

// For the model's task. Fails where options do not fit.
Result<std::unique_ptr<FrameAnswer>> make_frame_answer(const ModelInfo& model, const FrameAnswerOptions& options);
// What the network has to answer for it: the scores and classes that smoothing and tracking need.
void ask_for_frame_answer(const ModelInfo& model, const FrameAnswerOptions& options, SessionOptions& session);

}  // namespace mobilenet::cli
