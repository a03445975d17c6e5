// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Tracks of objects, after Y. Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box"
// (2022): motion by a Kalman filter, boxes shared out by overlap in two rounds, those of high scores first.

#include <mobilenet/tracker.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "live/assignment.h"
#include "live/frame_clock.h"
#include "live/motion.h"

namespace mobilenet {
namespace {

constexpr double kMostSeconds = 24 * 60 * 60;
// What a doubtful box must overlap by at least, as in ByteTrack. With 0.2 a little more is shown, and a little less
// known of who is who: in the mean over the scenes of benchmarks/live MOTA is 81.6 instead of 81.5, IDF1 78.5 of 79.4.
constexpr double kLeastOfDoubtful = 0.5;
// Objects without a box are moved with the camera, which is what the corrections of others have in common: their
// median, from this many on, each of a track whose motion is known by now. Where the camera pans to and fro IDF1 rises
// from 56 to 73; on the other scenes it changes by 0.6 at most.
constexpr std::size_t kLeastForCamera = 3;
constexpr int kKnownMotion = 4;  // boxes

live::Box box_of(const Detection& object) { return {object.left, object.top, object.right, object.bottom}; }

bool usable(const Detection& object) {
  return std::isfinite(object.left) && std::isfinite(object.top) && std::isfinite(object.right) &&
         std::isfinite(object.bottom) && std::isfinite(object.score) && object.left < object.right &&
         object.top < object.bottom;
}

// What is known of an object: new ones have no number yet, lost ones no box in the last frame.
struct Known {
  Track track;
  live::Motion motion;
  double seen;  // when it last had a box
  bool lost = false;
  bool matched = true;  // in the frame that is being looked at

  bool confirmed() const { return track.id != 0; }
};

}  // namespace

struct Tracker::State {
  explicit State(const TrackerOptions& given) : options(given) {}

  void forget_all();
  void choose_boxes(std::span<const Detection> found);
  void predict(double seconds, double passed);
  template <class Wanted>
  void match(Wanted wanted, std::vector<const Detection*>& boxes, double least, double seconds);
  void lose_unmatched();
  void begin_tracks(double seconds);
  void limit_tracks();
  void show();

  const TrackerOptions options;
  std::int64_t last_id = 0;
  live::FrameClock clock;
  std::vector<Known> tracks;
  std::vector<Track> shown;

  // Of the frame that is being looked at: boxes that no track has taken yet, and what match() works with.
  std::vector<const Detection*> high, low;
  std::vector<Known*> candidates;
  std::vector<double> gains;
  std::vector<live::Motion::Shift> shifts;
  live::Assignment assignment;
};

void Tracker::State::forget_all() {
  tracks.clear();
  clock.reset();
}

void Tracker::State::choose_boxes(std::span<const Detection> found) {
  high.clear();
  low.clear();
  for (const Detection& object : found)
    if (usable(object) && object.score >= options.low_score) high.push_back(&object);
  if (high.size() > kMostObjects) {
    std::nth_element(high.begin(), high.begin() + kMostObjects, high.end(),
                     [](auto* a, auto* b) { return a->score != b->score ? a->score > b->score : a < b; });
    high.resize(kMostObjects);
    std::sort(high.begin(), high.end());
  }
  for (const Detection* object : high)
    if (object->score < options.high_score) low.push_back(object);
  std::erase_if(high, [&](auto* object) { return object->score < options.high_score; });
}

void Tracker::State::predict(double seconds, double passed) {
  shifts.clear();
  std::erase_if(tracks, [&](const Known& known) { return seconds - known.seen > options.keep_seconds; });
  for (Known& known : tracks) {
    known.motion.predict(passed);
    known.matched = false;
  }
}

// Shares boxes out to those wanted of the tracks that have none yet, and leaves the others. `least`: the overlap.
template <class Wanted>
void Tracker::State::match(Wanted wanted, std::vector<const Detection*>& boxes, double least, double seconds) {
  candidates.clear();
  for (Known& known : tracks)
    if (!known.matched && wanted(known)) candidates.push_back(&known);
  gains.clear();
  for (const Known* known : candidates) {
    const live::Box expected = known->motion.expected();
    for (const Detection* box : boxes) {
      const bool other = options.per_class && box->class_index != known->track.object.class_index;
      gains.push_back(other ? -1 : live::overlap(expected, box_of(*box)) - least);
    }
  }
  const std::span<const int> box_of_candidate = assignment.solve(candidates.size(), boxes.size(), gains);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (box_of_candidate[i] == live::Assignment::kNone) continue;
    const Detection*& box = boxes[box_of_candidate[i]];
    Known& known = *candidates[i];
    const live::Motion::Shift shift = known.motion.correct(box_of(*box));
    known.track.object = *box;
    if (++known.track.frames >= kKnownMotion) shifts.push_back(shift);
    known.seen = seconds;
    known.matched = true;
    box = nullptr;
  }
  std::erase(boxes, nullptr);
}

void Tracker::State::lose_unmatched() {
  std::erase_if(tracks, [](const Known& known) { return !known.matched && !known.confirmed(); });
  live::Motion::Shift camera;
  if (shifts.size() >= kLeastForCamera) {
    const auto median = [&](auto part) {
      const auto middle = shifts.begin() + static_cast<std::ptrdiff_t>(shifts.size() / 2);
      std::nth_element(shifts.begin(), middle, shifts.end(), [&](auto a, auto b) { return part(a) < part(b); });
      return part(*middle);
    };
    camera = {{median([](auto& s) { return s.x.value; }), median([](auto& s) { return s.x.rate; })},
              {median([](auto& s) { return s.y.value; }), median([](auto& s) { return s.y.rate; })}};
  }
  for (Known& known : tracks) {
    known.lost = !known.matched;
    if (!known.lost) continue;
    known.motion.follow(camera);
    known.motion.keep_size();
  }
}

void Tracker::State::begin_tracks(double seconds) {
  for (const Detection* box : high) tracks.push_back({{0, *box, 1}, live::Motion(box_of(*box)), seconds});
}

// Those with boxes are never too many. Of those lost at one time the oldest goes first.
void Tracker::State::limit_tracks() {
  while (tracks.size() > kMostObjects)
    tracks.erase(std::min_element(tracks.begin(), tracks.end(), [](const Known& a, const Known& b) {
      if (a.lost != b.lost) return a.lost;
      return a.seen != b.seen ? a.seen < b.seen : a.track.id < b.track.id;
    }));
}

void Tracker::State::show() {
  shown.clear();
  for (Known& known : tracks) {
    if (!known.matched) continue;
    if (!known.confirmed() && known.track.frames >= options.confirm_frames) known.track.id = ++last_id;
    if (known.confirmed()) shown.push_back(known.track);
  }
  std::sort(shown.begin(), shown.end(), [](const Track& a, const Track& b) { return a.id < b.id; });
}

Result<Tracker> Tracker::create(const TrackerOptions& options) try {
  const auto is_share = [](float value) { return value >= 0 && value <= 1; };
  if (!is_share(options.low_score) || !is_share(options.high_score) || options.low_score > options.high_score)
    return failure(ErrorCode::invalid_argument, "a tracker's scores must be from 0 to 1, low_score (",
                   options.low_score, ") not above high_score (", options.high_score, ")");
  if (!(options.match_iou >= 0 && options.match_iou < 1))
    return failure(ErrorCode::invalid_argument, "match_iou must be from 0 to below 1, not ", options.match_iou);
  if (!(options.keep_seconds >= 0 && options.keep_seconds <= kMostSeconds))
    return failure(ErrorCode::invalid_argument, "keep_seconds must be from 0 to ", kMostSeconds, ", not ",
                   options.keep_seconds);
  if (options.confirm_frames < 1)
    return failure(ErrorCode::invalid_argument, "confirm_frames must be 1 or more, not ", options.confirm_frames);
  return Tracker(std::make_unique<State>(options));
} catch (...) {
  return caught("making a tracker");
}

Result<std::span<const Track>> Tracker::update(std::span<const Detection> found, double seconds) & try {
  State& state = *state_;
  MOBILENET_TRY(const double passed, state.clock.advance(seconds));
  state.choose_boxes(found);
  state.predict(seconds, passed);
  // Who is shown comes first; a doubtful box alone brings nobody back; new tracks may take what is left.
  const double least = state.options.match_iou;
  const auto shown = [](const Known& known) { return known.confirmed(); };
  const auto shown_just_now = [](const Known& known) { return known.confirmed() && !known.lost; };
  const auto begun = [](const Known& known) { return !known.confirmed(); };
  state.match(shown, state.high, least, seconds);
  state.match(shown_just_now, state.low, std::max(least, kLeastOfDoubtful), seconds);
  state.match(begun, state.high, least, seconds);
  state.lose_unmatched();
  state.begin_tracks(seconds);
  state.limit_tracks();
  state.show();
  return std::span<const Track>(state.shown);
} catch (...) {
  state_->forget_all();  // some may have been seen in this frame, others not
  return caught("tracking objects");
}

void Tracker::reset() { state_->forget_all(); }

Tracker::Tracker(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;
Tracker::~Tracker() = default;

}  // namespace mobilenet
