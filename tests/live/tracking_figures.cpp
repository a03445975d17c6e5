// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "live/tracking_figures.h"

#include <vector>

#include "live/assignment.h"
#include "live/motion.h"

namespace mobilenet::testing {
namespace {

constexpr double kAgrees = 0.5;
constexpr double kPair = 1000;  // more pairs before better ones

double overlap(const Detection& a, const Detection& b) {
  return live::overlap({a.left, a.top, a.right, a.bottom}, {b.left, b.top, b.right, b.bottom});
}

}  // namespace

void TrackingFigures::add(std::span<const TrueBox> truth, std::span<const Track> tracks) {
  true_boxes_ += static_cast<std::int64_t>(truth.size());
  track_boxes_ += static_cast<std::int64_t>(tracks.size());
  std::vector<double> gains(truth.size() * tracks.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto known = track_of_.find(truth[i].object);
    for (std::size_t j = 0; j < tracks.size(); ++j) {
      const double shared = overlap(truth[i].box, tracks[j].object);
      double& gain = gains[i * tracks.size() + j];
      gain = shared < kAgrees ? -1 : kPair + shared;
      if (shared < kAgrees) continue;
      ++agreeing_[{truth[i].object, tracks[j].id}];
      // A pair that was one before stays one, before any number of new pairs.
      if (known != track_of_.end() && known->second == tracks[j].id) gain += kPair * static_cast<double>(truth.size());
    }
  }
  live::Assignment assignment;
  std::int64_t pairs = 0;
  const std::span<const int> track_of_box = assignment.solve(truth.size(), tracks.size(), gains);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (track_of_box[i] == live::Assignment::kNone) continue;
    ++pairs;
    const std::int64_t id = tracks[track_of_box[i]].id;
    const auto [known, is_new] = track_of_.try_emplace(truth[i].object, id);
    if (!is_new && known->second != id) ++switches_;
    known->second = id;
  }
  missed_ += static_cast<std::int64_t>(truth.size()) - pairs;
  false_ += static_cast<std::int64_t>(tracks.size()) - pairs;
}

void TrackingFigures::end_sequence() {
  std::map<int, std::size_t> row_of;
  std::map<std::int64_t, std::size_t> column_of;
  for (const auto& [pair, boxes] : agreeing_) {
    row_of.try_emplace(pair.first, row_of.size());
    column_of.try_emplace(pair.second, column_of.size());
  }
  std::vector<double> gains(row_of.size() * column_of.size());
  for (const auto& [pair, boxes] : agreeing_)
    gains[row_of[pair.first] * column_of.size() + column_of[pair.second]] = static_cast<double>(boxes);
  live::Assignment assignment;
  const std::span<const int> track_of_object = assignment.solve(row_of.size(), column_of.size(), gains);
  for (std::size_t i = 0; i < track_of_object.size(); ++i)
    if (track_of_object[i] != live::Assignment::kNone)
      right_ += static_cast<std::int64_t>(gains[i * column_of.size() + track_of_object[i]]);
  track_of_.clear();
  agreeing_.clear();
}

}  // namespace mobilenet::testing
