// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How good tracks are. MOTA, of K. Bernardin and R. Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The
// CLEAR MOT Metrics" (2008): 1 - (missed + false + switches) / true boxes, where an object stays with the track that it
// had as long as their boxes agree. IDF1, of E. Ristani et al., "Performance Measures and a Data Set for Multi-Target,
// Multi-Camera Tracking" (2016): every object gets the one track, and every track the one object, that make most boxes
// right over the whole sequence; 2 * right / (true boxes + boxes of tracks). Boxes agree from an intersection over
// union of 0.5 on.

#include <mobilenet/tracker.h>

#include <cstdint>
#include <map>
#include <span>

#include "live/moving_objects.h"

namespace mobilenet::testing {

class TrackingFigures {
 public:
  // The frames of one sequence, in order.
  void add(std::span<const TrueBox> truth, std::span<const Track> tracks);
  // What follows is another sequence, with objects and tracks of its own.
  void end_sequence();

  // Of all sequences that have ended.
  double mota() const {
    return 1 - static_cast<double>(missed_ + false_ + switches_) / static_cast<double>(true_boxes_);
  }
  double idf1() const { return 2 * static_cast<double>(right_) / static_cast<double>(true_boxes_ + track_boxes_); }
  std::int64_t missed() const { return missed_; }
  std::int64_t false_boxes() const { return false_; }
  std::int64_t switches() const { return switches_; }

 private:
  std::int64_t true_boxes_ = 0, track_boxes_ = 0, missed_ = 0, false_ = 0, switches_ = 0, right_ = 0;
  // Of the sequence.
  std::map<int, std::int64_t> track_of_;                           // each object's last one
  std::map<std::pair<int, std::int64_t>, std::int64_t> agreeing_;  // boxes of an object and a track
};

}  // namespace mobilenet::testing
