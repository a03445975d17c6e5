// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// track_objects [MODEL PICTURE...]: the same object keeps its number from frame to frame. Pictures are the frames of a
// film, ten a second; without any, two made-up walkers pass each other, and one is hidden for a moment.

#include <mobilenet/mobilenet.h>
#include <mobilenet/tracker.h>

#include <iostream>
#include <span>
#include <vector>

namespace {

constexpr double kFramesPerSecond = 10;

// What a detector would say: the nearer walker, from the left, covers the other, which it then doubts or does not find.
std::vector<mobilenet::Detection> made_up_frame(int frame) {
  const float from_left = 20 + 15.0f * static_cast<float>(frame), from_right = 620 - 15.0f * static_cast<float>(frame);
  const float apart = from_left < from_right ? from_right - from_left : from_left - from_right;
  std::vector<mobilenet::Detection> found = {{0, "person", 0.9f, from_left - 20, 100, from_left + 20, 200}};
  if (apart > 10) found.push_back({0, "person", apart < 40 ? 0.3f : 0.9f, from_right - 20, 95, from_right + 20, 190});
  return found;
}

void show(double seconds, std::span<const mobilenet::Track> tracks) {
  std::cout << seconds << " s:";
  for (const mobilenet::Track& track : tracks)
    std::cout << "  " << track.object.label << ' ' << track.id << " at "
              << (track.object.left + track.object.right) / 2;
  std::cout << '\n';
}

}  // namespace

int main(int count, char** arguments) try {
  const mobilenet::TrackerOptions options = {.keep_seconds = 2};
  auto tracker = mobilenet::Tracker::create(options).value();

  if (count < 3) {
    for (int frame = 0; frame <= 40; ++frame)
      show(frame / kFramesPerSecond, tracker.update(made_up_frame(frame), frame / kFramesPerSecond).value());
    return 0;
  }

  const auto model = mobilenet::Model::open(arguments[1]).value();
  // The tracker makes use of boxes that the detector doubts, so it must see them.
  auto session = model.session({.score_threshold = options.low_score, .max_detections = 50}).value();
  for (int frame = 0; frame < count - 2; ++frame) {
    const auto picture = mobilenet::Image::open(arguments[frame + 2]).value();
    show(frame / kFramesPerSecond, tracker.update(session.detect(picture).value(), frame / kFramesPerSecond).value());
  }
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
