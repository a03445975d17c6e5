// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// tracking [SEEDS]: MOTA and IDF1 of Tracker beside those of a plain tracker, on made-up scenes of 60 seconds, and what
// a frame costs: the median over all frames of a scene.

#include <mobilenet/tracker.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "live/moving_objects.h"
#include "live/plain_tracker.h"
#include "live/tracking_figures.h"

namespace {

using namespace mobilenet;
using namespace mobilenet::testing;

constexpr double kSeconds = 60;

void print(const char* tracker, const TrackingFigures& figures) {
  std::printf("  %-12s MOTA %5.1f  IDF1 %5.1f  missed %6lld  false %5lld  switches %5lld", tracker,
              100 * figures.mota(), 100 * figures.idf1(), static_cast<long long>(figures.missed()),
              static_cast<long long>(figures.false_boxes()), static_cast<long long>(figures.switches()));
}

}  // namespace

int main(int count, char** arguments) {
  const int seeds = count > 1 ? static_cast<int>(std::strtol(arguments[1], nullptr, 10)) : 5;
  for (const Scene& scene : scenes()) {
    TrackingFigures ours, plain, plain_doubtful;
    std::vector<double> microseconds;
    for (int seed = 1; seed <= seeds; ++seed) {
      const std::vector<SceneFrame> frames = play(scene, kSeconds, static_cast<std::uint64_t>(seed));
      Tracker tracker = Tracker::create().value();
      PlainTracker high(0.5f), low(0.3f);
      for (const SceneFrame& frame : frames) {
        const auto begin = std::chrono::steady_clock::now();
        const auto tracks = tracker.update(frame.found, frame.seconds).value();
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
        microseconds.push_back(took.count());
        ours.add(frame.truth, tracks);
        plain.add(frame.truth, high.update(frame.found, frame.seconds));
        plain_doubtful.add(frame.truth, low.update(frame.found, frame.seconds));
      }
      for (TrackingFigures* figures : {&ours, &plain, &plain_doubtful}) figures->end_sequence();
    }
    std::nth_element(microseconds.begin(), microseconds.begin() + microseconds.size() / 2, microseconds.end());
    std::printf("%s\n", scene.name);
    print("Tracker", ours);
    std::printf("  %.1f us a frame\n", microseconds[microseconds.size() / 2]);
    print("plain, 0.5", plain);
    std::puts("");
    print("plain, 0.3", plain_doubtful);
    std::puts("");
  }
}
