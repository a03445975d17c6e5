// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Tracker on scenes that can be followed by hand, and on boxes and times that no detector and no clock should give.

#include <gtest/gtest.h>
#include <mobilenet/tracker.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "support/allocation_counter.h"
#include "support/choices.h"

namespace mobilenet::testing {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
constexpr double kFrame = 1.0 / 30;

Detection box_at(double left, double top = 0, float score = 0.9f, int class_index = 0) {
  return {class_index,
          {},
          score,
          static_cast<float>(left),
          static_cast<float>(top),
          static_cast<float>(left + 40),
          static_cast<float>(top + 80)};
}

std::vector<std::int64_t> ids_of(std::span<const Track> tracks) {
  std::vector<std::int64_t> ids;
  for (const Track& track : tracks) ids.push_back(track.id);
  return ids;
}

using Ids = std::vector<std::int64_t>;

// The same boxes again and again.
class Film {
 public:
  explicit Film(const TrackerOptions& options = {}) : tracker_(Tracker::create(options).value()) {}
  Ids frame(const std::vector<Detection>& found, double passed = kFrame) {
    const auto tracks = tracker_.update(found, seconds_ += passed);
    EXPECT_TRUE(tracks) << tracks.error().message;
    return tracks ? ids_of(*tracks) : Ids();
  }
  Ids frames(int count, const std::vector<Detection>& found) {
    Ids last;
    for (int i = 0; i < count; ++i) last = frame(found);
    return last;
  }
  Tracker& tracker() { return tracker_; }
  double seconds() const { return seconds_; }

 private:
  Tracker tracker_;
  double seconds_ = 100;
};

TEST(Tracker, RefusesOptionsThatMeanNothing) {
  struct Case {
    const char* name;
    TrackerOptions options;
    const char* said;
  };
  const Case cases[] = {
      {"scores above 1", {.high_score = 1.5f}, "from 0 to 1"},
      {"no number", {.low_score = kNan}, "from 0 to 1"},
      {"low above high", {.high_score = 0.3f, .low_score = 0.4f}, "low_score (0.4) not above high_score (0.3)"},
      {"overlap below 0", {.match_iou = -0.1f}, "match_iou"},
      {"overlap that no box has", {.match_iou = 1}, "match_iou"},
      {"overlap that is no number", {.match_iou = kNan}, "match_iou"},
      {"times below 0", {.keep_seconds = -1}, "keep_seconds"},
      {"endless times", {.keep_seconds = kInfinity}, "keep_seconds"},
      {"no frame", {.confirm_frames = 0}, "confirm_frames"},
  };
  for (const Case& one : cases) {
    const auto tracker = Tracker::create(one.options);
    ASSERT_FALSE(tracker) << one.name;
    EXPECT_EQ(tracker.error().code, ErrorCode::invalid_argument) << one.name;
    EXPECT_NE(tracker.error().message.find(one.said), std::string::npos) << one.name << ": " << tracker.error().message;
  }
}

TEST(Tracker, ShowsAnObjectOnceItIsConfirmed) {
  for (const int confirm : {1, 2, 5}) {
    Film film({.confirm_frames = confirm});
    for (int i = 1; i <= 8; ++i)
      EXPECT_EQ(film.frame({box_at(50)}), i < confirm ? Ids() : Ids{1}) << confirm << ' ' << i;
  }
  Film film;
  film.frame({box_at(50)});
  film.frame({});  // not confirmed, so nothing that a track would come back to
  EXPECT_EQ(film.frame({box_at(50)}), Ids());
  EXPECT_EQ(film.frame({box_at(50)}), Ids{1});
}

TEST(Tracker, SaysWhatWasFound) {
  Tracker tracker = Tracker::create().value();
  const std::vector<Detection> found = {{3, "cat", 0.8f, 1, 2, 33, 44}, {5, "dog", 0.7f, 200, 2, 233, 44}};
  for (int i = 1; i <= 4; ++i) {
    const auto tracks = tracker.update(found, i).value();
    if (i == 1) continue;
    ASSERT_EQ(tracks.size(), 2u);
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(tracks[j].id, static_cast<int>(j) + 1);
      EXPECT_EQ(tracks[j].frames, i);
      EXPECT_EQ(tracks[j].object.label, found[j].label);
      EXPECT_EQ(tracks[j].object.class_index, found[j].class_index);
      EXPECT_EQ(tracks[j].object.score, found[j].score);
      EXPECT_EQ(tracks[j].object.right, found[j].right);
    }
  }
}

// It speeds up to 600 pixels a second, at 5 fps three widths a frame: only its motion tells who it is.
TEST(Tracker, FollowsMotionAtEveryFrameRate) {
  for (const double fps : {5.0, 15.0, 30.0, 60.0, 240.0}) {
    Film film;
    double left = 0, speed = 0;
    for (int i = 0; i < 5 * fps; ++i) {
      const Ids ids = film.frame({box_at(left)}, 1 / fps);
      ASSERT_EQ(ids, i == 0 ? Ids() : Ids{1}) << fps << " fps, frame " << i;
      speed = std::min(speed + 300 / fps, 600.0);
      left += speed / fps;
    }
  }
}

// Times are what counts: where frames are missing, an object is expected further on.
TEST(Tracker, FollowsMotionThroughGaps) {
  Choices choices(1);
  Film film;
  double left = 0;
  for (int i = 0; i < 200; ++i) {
    const double passed = i > 10 && choices.one_in(10) ? 0.4 : choices.real(0.01, 0.06);
    left += 300 * passed;  // 120 pixels in a gap, three widths
    const Ids ids = film.frame({box_at(left)}, passed);
    ASSERT_EQ(ids, i == 0 ? Ids() : Ids{1}) << "frame " << i;
  }
}

TEST(Tracker, KnowsAnObjectThatComesBackInTime) {
  struct Case {
    const char* name;
    double hidden;
    std::int64_t id;
  };
  const Case cases[] = {{"a moment", 0.1, 1}, {"almost as long as it is remembered", 0.9, 1}, {"longer", 1.1, 2}};
  for (const Case& one : cases) {
    Film film;
    double left = 0;
    const auto walk = [&](bool seen) {
      left += 150 * kFrame;
      return film.frame(seen ? std::vector{box_at(left)} : std::vector<Detection>());
    };
    for (int i = 0; i < 30; ++i) walk(true);
    for (int i = 0; i < std::lround(one.hidden / kFrame) - 1; ++i) EXPECT_EQ(walk(false), Ids()) << one.name;
    walk(true);
    EXPECT_EQ(walk(true), Ids{one.id}) << one.name;
  }
}

// The camera swings to and fro, by 150 pixels to each side: with it goes the place of what is not found for a while,
// here while the camera turns round.
TEST(Tracker, ExpectsTheHiddenWhereTheCameraMovesThem) {
  Film film;
  Ids ids;
  for (int i = 0; i < 100; ++i) {
    const double camera = 150 * std::sin(i * kFrame * 2);
    std::vector<Detection> found;
    for (const double left : {100.0, 300.0, 500.0, 700.0})
      if (left != 300.0 || i < 15 || i >= 35) found.push_back(box_at(left - camera, left / 2));
    ids = film.frame(found);
  }
  EXPECT_EQ(ids, (Ids{1, 2, 3, 4}));
}

TEST(Tracker, TwoThatMeetKeepTheirNumbers) {
  Film film;
  for (int i = 0; i <= 100; ++i) {
    const std::vector<Detection> found = {box_at(4.0 * i), box_at(400 - 4.0 * i, 10)};  // face to face in frame 50
    film.frame(i % 2 == 0 ? found : std::vector{found[1], found[0]});                   // in any order
  }
  const auto tracks = film.tracker().update(std::vector{box_at(404), box_at(-4, 10)}, film.seconds() + kFrame).value();
  ASSERT_EQ(ids_of(tracks), (Ids{1, 2}));
  EXPECT_EQ(tracks[0].object.left, 404);
  EXPECT_EQ(tracks[1].object.left, -4);
}

TEST(Tracker, DoubtfulBoxesContinueATrackAndDoNoMore) {
  const Detection doubtful = box_at(50, 0, 0.2f), sure = box_at(50);
  Film film;
  EXPECT_EQ(film.frames(10, {doubtful}), Ids()) << "begin one";
  EXPECT_EQ(film.frames(2, {sure}), Ids{1});
  EXPECT_EQ(film.frames(90, {doubtful}), Ids{1}) << "continue one for longer than it is remembered";
  EXPECT_EQ(film.frame({box_at(50, 0, 0.05f)}), Ids()) << "below the low score";
  EXPECT_EQ(film.frame({doubtful}), Ids()) << "bring one back";
  EXPECT_EQ(film.frame({sure}), Ids{1});
  EXPECT_EQ(film.frame({box_at(75, 0, 0.2f)}), Ids()) << "overlap by less than a half";
}

TEST(Tracker, SureBoxesComeFirst) {
  Film film;
  film.frames(10, {box_at(50)});
  // The doubtful one lies better.
  const auto tracks =
      film.tracker().update(std::vector{box_at(50, 0, 0.4f), box_at(60)}, film.seconds() + kFrame).value();
  ASSERT_EQ(ids_of(tracks), Ids{1});
  EXPECT_EQ(tracks[0].object.left, 60);
}

TEST(Tracker, AnotherClassIsAnotherObject) {
  for (const bool per_class : {true, false}) {
    Film film({.per_class = per_class});
    film.frames(5, {box_at(50, 0, 0.9f, 3)});
    EXPECT_EQ(film.frames(2, {box_at(50, 0, 0.9f, 4)}), Ids{per_class ? 2 : 1});
  }
}

TEST(Tracker, ResetForgetsObjectsAndTimeButNoNumbers) {
  Film film;
  EXPECT_EQ(film.frames(3, {box_at(50)}), Ids{1});
  film.tracker().reset();
  EXPECT_EQ(ids_of(film.tracker().update(std::vector{box_at(50)}, 0).value()), Ids());
  EXPECT_EQ(ids_of(film.tracker().update(std::vector{box_at(50)}, kFrame).value()), Ids{2});
}

TEST(Tracker, TimesThatRunBackwardsChangeNothing) {
  Film film;
  film.frames(3, {box_at(50)});
  for (const double seconds : {film.seconds() - 1e-6, -1e300, double{kNan}, double{kInfinity}, -double{kInfinity}}) {
    const auto tracks = film.tracker().update(std::vector{box_at(500)}, seconds);
    ASSERT_FALSE(tracks) << seconds;
    EXPECT_EQ(tracks.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(film.frame({box_at(50)}), Ids{1});
  EXPECT_EQ(film.frame({box_at(50)}, 0), Ids{1}) << "two frames of one time";
  EXPECT_EQ(film.frame({box_at(50)}, 1e308), Ids()) << "a leap";
  EXPECT_EQ(film.frame({box_at(50)}, 0), Ids{2});
}

TEST(Tracker, LeavesOutWhatIsNoBox) {
  std::vector<Detection> found = {box_at(50)};
  for (float Detection::*edge : {&Detection::left, &Detection::top, &Detection::right, &Detection::bottom})
    for (const float value : {kNan, kInfinity, -kInfinity}) {
      found.push_back(box_at(300));
      found.back().*edge = value;
    }
  found.push_back({0, {}, 0.9f, 340, 0, 300, 80});  // inverted
  found.push_back({0, {}, 0.9f, 300, 80, 340, 0});
  found.push_back({0, {}, 0.9f, 300, 0, 300, 80});  // without area
  for (const float score : {kNan, kInfinity}) found.push_back(box_at(300, 0, score));
  Film film;
  EXPECT_EQ(film.frames(5, found), Ids{1});
}

TEST(Tracker, TooManyBoxesAreTheBestOfThem) {
  std::vector<Detection> found;
  for (int i = 0; i < 1000; ++i) found.push_back(box_at(i * 100, 0, 0.5f + static_cast<float>(i * 7 % 1000) / 2000));
  Tracker tracker = Tracker::create().value();
  ASSERT_TRUE(tracker.update(found, 0));
  const auto tracks = tracker.update(found, kFrame).value();
  ASSERT_EQ(tracks.size(), std::size_t{Tracker::kMostObjects});
  for (const Track& track : tracks) EXPECT_GE(track.object.score, 0.85f - 1e-6f);  // the best 300 of 0.5, 0.5005, ...
}

TEST(Tracker, OfTooManyTracksTheLongestLostAreForgotten) {
  const auto row = [](double top, int count) {
    std::vector<Detection> found;
    for (int i = 0; i < count; ++i) found.push_back(box_at(i * 100, top));
    return found;
  };
  Film film({.keep_seconds = 60});
  film.frames(2, row(0, 200));     // 1 to 200
  film.frames(2, row(1000, 100));  // 201 to 300
  film.frames(2, row(2000, 50));   // 301 to 350; 1 to 50 are forgotten
  const Ids ids = film.frames(1, row(0, 200));
  ASSERT_EQ(ids.size(), 150u);
  EXPECT_EQ(ids.front(), 51);
  EXPECT_EQ(ids.back(), 200);
}

TEST(Tracker, TakesWhateverComes) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Choices choices(seed);
    Tracker tracker = Tracker::create({.keep_seconds = choices.pick({0.0, 1.0, 86400.0}),
                                       .confirm_frames = choices.between(1, 3),
                                       .per_class = choices.one_in(2)})
                          .value();
    double seconds = 0;
    std::set<std::int64_t> given;
    std::vector<Detection> found;
    for (int frame = 0; frame < 30; ++frame) {
      // Often the boxes of the frame before, so that there are tracks.
      if (choices.one_in(3)) {
        found.resize(choices.below(8));
        for (Detection& box : found) {
          box = {choices.between(-1, 2), {}, choices.one_in(4) ? choices.hostile_float() : 0.8f, 0, 0, 0, 0};
          for (float Detection::*edge : {&Detection::left, &Detection::top, &Detection::right, &Detection::bottom})
            box.*edge = choices.one_in(2) ? choices.hostile_float() : static_cast<float>(choices.between(0, 50));
        }
      }
      seconds += choices.pick({0.0, 1e-300, 1e-9, 0.03, 1.0, 86400.0, 1e200});
      const auto tracks = tracker.update(found, seconds);
      ASSERT_TRUE(tracks) << tracks.error().message;
      std::int64_t before = 0;
      const std::int64_t last = given.empty() ? 0 : *given.rbegin();
      for (const Track& track : *tracks) {
        EXPECT_GT(track.id, before) << "by number, each once";
        before = track.id;
        const bool is_new = given.insert(track.id).second;
        EXPECT_TRUE(!is_new || track.id > last) << "used before";
        const auto same = [&](const Detection& box) {
          return box.left == track.object.left && box.top == track.object.top && box.right == track.object.right &&
                 box.bottom == track.object.bottom && box.score == track.object.score &&
                 box.class_index == track.object.class_index;
        };
        EXPECT_TRUE(std::any_of(found.begin(), found.end(), same)) << "a box that was not found";
      }
      EXPECT_LE(tracks->size(), found.size());
    }
  }
}

TEST(Tracker, AllocatesNothingAfterTheLargestCounts) {
  std::vector<Detection> found;
  for (int i = 0; i < 40; ++i) found.push_back(box_at(i * 60, 0, i % 3 == 0 ? 0.3f : 0.9f));
  const std::vector<Detection> others = {box_at(0, 500), box_at(100, 500)};
  Film film;
  const auto scene = [&](double seconds) {  // objects come, are lost, are forgotten, and others come
    for (int i = 0; i < 60; ++i)
      (void)film.tracker().update(i < 20 ? std::span(found) : std::span(others), seconds + i * kFrame * 2);
  };
  scene(0);
  start_counting_allocations();
  scene(100);
  EXPECT_EQ(stop_counting_allocations(), 0);
}

TEST(Tracker, MovesWithAllItKnows) {
  Tracker first = Tracker::create({.confirm_frames = 1}).value();
  ASSERT_TRUE(first.update(std::vector{box_at(50)}, 0));
  Tracker second = std::move(first);
  EXPECT_EQ(ids_of(second.update(std::vector{box_at(50)}, kFrame).value()), Ids{1});
}

}  // namespace
}  // namespace mobilenet::testing
