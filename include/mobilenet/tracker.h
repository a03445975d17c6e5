// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Tracker: the objects that a detector finds keep their number from frame to frame. Part of the library
// mobilenet::live. It looks at boxes alone, never at pixels: a track expects its object where its motion so far leads,
// and takes the box that overlaps that place. Boxes of high scores are shared out first; what they leave open, boxes of
// low scores may continue, because an object that is half covered is often still found, but doubtfully. So the session
// has to tell of doubtful boxes, too:
//
//   auto session = model.session({.score_threshold = TrackerOptions().low_score}).value();
//   auto tracker = Tracker::create().value();
//   for (each frame)
//     for (auto& [id, object, frames] : tracker.update(session.detect(frame).value(), seconds).value()) ...
//
// The same boxes and times give the same tracks on every machine. Not thread-safe; a tracker that was moved from may
// only be destroyed or assigned to.

#include <mobilenet/export.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <cstdint>
#include <memory>
#include <span>

namespace mobilenet {

struct TrackerOptions {
  float high_score = 0.5f;  // boxes that may begin a track, and are matched first
  float low_score = 0.1f;   // boxes that may only continue one; those below are left out
  // A box belongs to a track when their intersection over union is more, seen from the place where the track expects
  // it; for boxes of low scores 0.5 where that is more.
  float match_iou = 0.2f;
  double keep_seconds = 1;  // how long a track without boxes is remembered, up to a day
  int confirm_frames = 2;   // boxes in a row that a track has before it is shown and gets its number
  bool per_class = true;    // boxes of another class never continue a track
};

struct Track {
  std::int64_t id = 0;  // from 1, in the order in which objects are first shown; never used again
  Detection object;     // its box in this frame, as it was found
  int frames = 0;       // boxes so far
};

class MOBILENET_API Tracker {
 public:
  // Of more boxes in a frame those of the highest scores are looked at; of more tracks those are forgotten that have
  // been without a box for longest.
  static constexpr int kMostObjects = 300;

  static Result<Tracker> create(const TrackerOptions& options = {});
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;
  ~Tracker();

  // The tracks that have a box in this frame, by number; valid until the next call. `seconds`: the time of the frame,
  // in any scale that counts seconds; one before the last frame's is an error that changes nothing. Boxes whose edges
  // or scores are not finite, or which have no area, are left out. After the largest counts so far nothing is
  // allocated; where there is no memory for larger ones, all tracks are forgotten.
  Result<std::span<const Track>> update(std::span<const Detection> found, double seconds) &;
  Result<std::span<const Track>> update(std::span<const Detection> found, double seconds) && = delete;

  // Forgets all tracks and the time, as after a cut or where a video begins again. Numbers go on.
  void reset();

 private:
  struct State;
  explicit Tracker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mobilenet
