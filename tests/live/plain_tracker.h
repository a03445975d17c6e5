// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The tracker that one writes in an afternoon, to compare with: boxes above one score go to the track whose last box
// they overlap most, the best pair first; nothing moves, nothing is optimal.

#include <mobilenet/tracker.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "live/motion.h"

namespace mobilenet::testing {

class PlainTracker {
 public:
  explicit PlainTracker(float score) : score_(score) {}

  std::span<const Track> update(std::span<const Detection> found, double seconds) {
    // Of 0.001, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4 and 0.5 the best on the scenes of moving_objects.h, by IDF1 in the mean;
    // without doubtful boxes 0.001 is better by 0.5 %.
    constexpr double kMatches = 0.05;
    constexpr double kKeepSeconds = 1;
    constexpr int kConfirmed = 2;
    std::erase_if(tracks_, [&](const Known& known) { return seconds - known.seen > kKeepSeconds; });
    std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < tracks_.size(); ++i)
      for (std::size_t j = 0; j < found.size(); ++j) {
        const double shared = overlap(tracks_[i].track.object, found[j]);
        if (found[j].score >= score_ && found[j].class_index == tracks_[i].track.object.class_index &&
            shared > kMatches)
          pairs.emplace_back(-shared, i, j);
      }
    std::sort(pairs.begin(), pairs.end());
    std::vector<bool> taken(found.size());
    for (Known& known : tracks_) known.matched = false;
    for (const auto& [shared, i, j] : pairs) {
      if (tracks_[i].matched || taken[j]) continue;
      taken[j] = tracks_[i].matched = true;
      tracks_[i].seen = seconds;
      tracks_[i].track.object = found[j];
      ++tracks_[i].track.frames;
    }
    for (std::size_t j = 0; j < found.size(); ++j)
      if (!taken[j] && found[j].score >= score_) tracks_.push_back({{++last_id_, found[j], 1}, seconds, true});
    shown_.clear();
    for (const Known& known : tracks_)
      if (known.matched && known.track.frames >= kConfirmed) shown_.push_back(known.track);
    return shown_;
  }

 private:
  struct Known {
    Track track;
    double seen;
    bool matched;
  };
  static double overlap(const Detection& a, const Detection& b) {
    return live::overlap({a.left, a.top, a.right, a.bottom}, {b.left, b.top, b.right, b.bottom});
  }

  float score_;
  std::int64_t last_id_ = 0;
  std::vector<Known> tracks_;
  std::vector<Track> shown_;
};

}  // namespace mobilenet::testing
