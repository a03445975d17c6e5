// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Made-up scenes of objects that walk, cross, hide behind each other and behind pillars, before a camera that may pan;
// and what a detector would find of them: boxes that shake, scores that fall with what is covered, misses, and objects
// that are none. Who is who is known, so that trackers can be judged.

#include <mobilenet/results.h>

#include <cstdint>
#include <span>
#include <vector>

namespace mobilenet::testing {

struct Scene {
  const char* name;
  int objects = 12;  // at a time
  double fps = 30;
  double speed = 120;           // pixels a second, about
  int pillars = 0;              // that hide what passes behind them
  double pan = 0;               // pixels that the camera swings to each side, once in three seconds
  double uneven = 0;            // share of a frame's time that it may come too early or late
  double gap = 0;               // share of frames after which nothing comes for 0.2 to 0.5 s
  double shake = 0.03;          // standard deviation of a box's edges, in sizes
  double missed = 0.03;         // share of boxes that the detector misses for no reason
  double dips = 0.15;           // how often the scores of an object fall for a third of a second, per second
  double false_per_second = 4;  // places where the detector begins to see what is not there, for up to 0.8 s
};

// One scene for each thing that makes tracking hard.
std::span<const Scene> scenes();

struct TrueBox {
  int object = 0;
  Detection box;
};

struct SceneFrame {
  double seconds = 0;
  std::vector<TrueBox> truth;    // of all of which something can be seen
  std::vector<Detection> found;  // best first
};

std::vector<SceneFrame> play(const Scene& scene, double seconds, std::uint64_t seed);

}  // namespace mobilenet::testing
