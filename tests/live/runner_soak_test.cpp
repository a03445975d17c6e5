// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Thousands of frames of random sizes, formats and orientations from four callers: MOBILENET_SOAK_FRAMES says how many,
// MOBILENET_SOAK_SEED which.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

constexpr int kCallers = 4;

int from_environment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// Of this process, in kilobytes.
long resident_memory() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  long size = 0, resident = 0;
  if (file != nullptr) {
    if (std::fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * 4;
}

void soak(Runner& runner, bool may_drop) {
  const int frames = from_environment("MOBILENET_SOAK_FRAMES", 400);
  const auto seed = static_cast<unsigned>(from_environment("MOBILENET_SOAK_SEED", 1));
  SCOPED_TRACE("MOBILENET_SOAK_SEED=" + std::to_string(seed));
  const TestPicture pixels(320, 320);
  std::vector<std::atomic<std::uint8_t>> calls(static_cast<std::size_t>(frames));
  std::atomic<int> next = 0, refused = 0, answered = 0, cancelled = 0;
  std::array<long, 4> memory{};  // after each quarter
  std::vector<std::thread> callers;
  for (unsigned caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      std::mt19937 random(seed * kCallers + caller);
      const auto draw = [&random](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
      for (int frame = next++; frame < frames; frame = next++) {
        ImageView view = pixels.view();
        view.width = draw(1, 320), view.height = draw(1, 320);
        view.orientation = orientation_from_exif(draw(1, 8));
        const auto taken = runner.predict(view, [&, frame](const Result<Prediction>& answer) {
          ++calls[static_cast<std::size_t>(frame)];
          ++(answer ? answered : cancelled);
          EXPECT_TRUE(answer || answer.error().code == ErrorCode::cancelled);
          if (frame % 97 == 5) throw 1;
        });
        if (!taken) {
          ++refused;
          ++calls[static_cast<std::size_t>(frame)];
          EXPECT_EQ(taken.error().code, ErrorCode::cancelled);
        }
        if (frame % 211 == 7) runner.cancel();
        if (may_drop) std::this_thread::sleep_for(std::chrono::microseconds(200));  // a camera, not a flood
        if ((frame + 1) % std::max(frames / 4, 1) == 0)
          memory[static_cast<std::size_t>(std::min(3, frame / std::max(frames / 4, 1)))] = resident_memory();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  ASSERT_TRUE(runner.wait_idle());
  for (const auto& count : calls) EXPECT_EQ(count, 1);
  const RunnerStatistics statistics = runner.statistics();
  EXPECT_EQ(statistics.answered, static_cast<std::uint64_t>(answered));
  EXPECT_EQ(statistics.given, static_cast<std::uint64_t>(frames));
  EXPECT_EQ(statistics.answered + statistics.dropped + statistics.cancelled, static_cast<std::uint64_t>(frames));
  EXPECT_TRUE(may_drop || statistics.dropped == 0);
  // The second half takes no more than the first left: a leak of a byte a pixel would be gigabytes in 20,000 frames.
  if (frames >= 4000) {
    EXPECT_LE(memory[3], memory[1] + 8 * 1024);
  }
  std::printf(
      "%d frames: %.1f a second, latency p50 %.2f ms, p99 %.2f ms, %llu dropped, %llu cancelled; resident "
      "after each quarter: %ld %ld %ld %ld KB\n",
      frames, statistics.frames_a_second, statistics.latency_p50, statistics.latency_p99,
      static_cast<unsigned long long>(statistics.dropped), static_cast<unsigned long long>(statistics.cancelled),
      memory[0], memory[1], memory[2], memory[3]);
}

TEST(RunnerSoak, NoFrameIsLostWhereCallersWait) {
  const Model model = Model::random("mobilenet_v2:0.35:64").value();
  Runner runner = Runner::create(model, {.frames_in_flight = 4}).value();
  soak(runner, false);
}

TEST(RunnerSoak, EveryFrameIsAnsweredOrDropped) {
  const Model model = Model::random("ssdlite_mobilenet_v2:0.35:96").value();
  Runner runner = Runner::create(model, {.when_full = WhenFull::drop_oldest, .order = ResultOrder::as_ready}).value();
  soak(runner, true);
}

// Two cores and four Runners that always have work: none waits until another has nothing to do.
TEST(RunnerSoak, RunnersShareTheCores) {
  const Model model = Model::random("mobilenet_v2:0.35:96").value();
  const TestPicture picture(96, 96);
  std::vector<Runner> runners;
  for (int i = 0; i < 4; ++i) runners.push_back(Runner::create(model, {.frames_in_flight = 2}).value());
  constexpr std::uint64_t kFrames = 200;
  std::atomic<bool> over = false;
  std::vector<std::thread> callers;
  for (Runner& runner : runners)
    callers.emplace_back([&] {
      while (!over) {
        ASSERT_TRUE(runner.predict(picture.view(), [](const Result<Prediction>&) {}));
        if (runner.statistics().answered >= kFrames) over = true;
      }
    });
  for (std::thread& caller : callers) caller.join();
  for (Runner& runner : runners) {
    ASSERT_TRUE(runner.wait_idle());
    // A tenth of the fastest is far from fair, and far from a Runner that is starved, which has none.
    EXPECT_GE(runner.statistics().answered, kFrames / 10);
  }
}

}  // namespace
}  // namespace mobilenet::testing
