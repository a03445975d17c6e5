// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// frame_costs: what a frame costs, the median of 200: Tracker with many boxes,
// ClassSmoother with many classes, MaskSmoother with masks of 1920x1080 that stand or move.

#include <mobilenet/smoothing.h>
#include <mobilenet/tracker.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "support/choices.h"

namespace {

using namespace mobilenet;

constexpr int kFrames = 200;

// `prepare` is not timed.
void measure(const char* name, const std::function<void(int)>& prepare, const std::function<bool(double)>& update) {
  std::vector<double> milliseconds;
  for (int frame = -5; frame < kFrames; ++frame) {
    prepare(frame + 5);
    const auto begin = std::chrono::steady_clock::now();
    if (!update((frame + 5) / 30.0)) std::exit(1);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (frame >= 0) milliseconds.push_back(took.count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf("%-46s %8.3f ms\n", name, milliseconds[kFrames / 2]);
}

// Boxes of one class that drift and shake; the more the room is crowded, the more tracks want the same box.
void measure_tracker(const char* name, int count, double room) {
  testing::Choices choices(1);
  std::vector<std::array<double, 4>> objects;  // place and velocity
  for (int i = 0; i < count; ++i)
    objects.push_back({choices.real(0, room), choices.real(0, room), choices.real(-3, 3), choices.real(-3, 3)});
  std::vector<Detection> found;
  Tracker tracker = Tracker::create().value();
  measure(
      name,
      [&](int) {
        found.clear();
        for (auto& [x, y, x_step, y_step] : objects) {
          x += x_step;
          y += y_step;
          const auto left = static_cast<float>(x + choices.real(-2, 2)),
                     top = static_cast<float>(y + choices.real(-2, 2));
          found.push_back({0, {}, static_cast<float>(choices.real(0.3, 1)), left, top, left + 50, top + 80});
        }
      },
      [&](double seconds) { return tracker.update(found, seconds).has_value(); });
}

void measure_classes(const char* name, int count) {
  testing::Choices choices(1);
  std::vector<Classification> found;
  ClassSmoother smoother = ClassSmoother::create().value();
  measure(
      name,
      [&](int) {
        found.clear();
        for (int i = 0; i < count; ++i)
          found.push_back({choices.between(0, 999), {}, 1.0f / static_cast<float>(i + 1)});
      },
      [&](double seconds) { return smoother.update(found, seconds).has_value(); });
}

void measure_masks(const char* name, const std::function<std::uint8_t(int x, int y, int frame)>& class_of) {
  constexpr int kWidth = 1920, kHeight = 1080;
  std::vector<std::uint8_t> mask(std::size_t{kWidth} * kHeight);
  MaskSmoother smoother = MaskSmoother::create().value();
  measure(
      name,
      [&](int frame) {
        for (int y = 0; y < kHeight; ++y)
          for (int x = 0; x < kWidth; ++x) mask[static_cast<std::size_t>(y) * kWidth + x] = class_of(x, y, frame);
      },
      [&](double seconds) {
        return smoother.update({kWidth, kHeight, mask, {}, {}}, seconds).has_value();
      });
}

}  // namespace

int main() {
  measure_tracker("Tracker, 10 objects", 10, 1000);
  measure_tracker("Tracker, 100 objects", 100, 2000);
  measure_tracker("Tracker, 300 objects", 300, 2000);
  measure_tracker("Tracker, 300 objects, crowded", 300, 300);
  measure_classes("ClassSmoother, 5 classes a frame", 5);
  measure_classes("ClassSmoother, 1000 classes a frame", 1000);
  measure_masks("MaskSmoother, 1920x1080 that stands",
                [](int x, int, int) { return static_cast<std::uint8_t>(x / 480); });
  measure_masks("MaskSmoother, 1920x1080 with things that move", [](int x, int y, int frame) {
    const int u = (x + 8 * frame) % 640 - 320, v = y % 540 - 270;
    return static_cast<std::uint8_t>(u * u + v * v < 200 * 200 ? 1 : 0);
  });
}
