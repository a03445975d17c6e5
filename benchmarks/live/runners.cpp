// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// runners [ARCHITECTURE] [SECONDS]: frames of 1280x720 (NV12) through a Session in a loop, and through one, two and
// four Runners, each fed by a thread of its own as fast as it takes them: frames a second of all together, of the
// slowest and the fastest, and milliseconds from frame to answer.

#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace mobilenet;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

int main(int count, char** words) {
  const char* const architecture = count > 1 ? words[1] : "mobilenet_v2:1.0:224";
  const double seconds = count > 2 ? std::atof(words[2]) : 3;
  const Model model = Model::random(architecture).value();
  std::vector<std::uint8_t> noise(std::size_t{1280} * 720 * 3 / 2);
  std::mt19937 random(1);
  for (std::uint8_t& level : noise) level = static_cast<std::uint8_t>(random());
  const ImageView frame = ImageView::packed(noise.data(), PixelFormat::nv12, 1280, 720);

  std::printf("%-22s %9s %9s %9s %9s %9s\n", architecture, "frames/s", "slowest", "fastest", "p50 ms", "p99 ms");
  {
    Session session = model.session().value();
    session.classify(frame).value();
    std::vector<double> times;
    const auto start = Clock::now();
    while (seconds_since(start) < seconds) {
      const auto begun = Clock::now();
      session.classify(frame).value();
      times.push_back(1000 * seconds_since(begun));
    }
    const double rate = static_cast<double>(times.size()) / seconds_since(start);
    std::sort(times.begin(), times.end());
    std::printf("%-22s %9.1f %9.1f %9.1f %9.2f %9.2f\n", "a Session in a loop", rate, rate, rate,
                times[times.size() / 2], times[times.size() * 99 / 100]);
  }
  for (const std::size_t runners : {1, 2, 4}) {
    std::vector<Runner> all;
    for (std::size_t i = 0; i < runners; ++i) all.push_back(Runner::create(model).value());
    std::vector<std::thread> callers;
    const auto start = Clock::now();
    for (Runner& runner : all)
      callers.emplace_back([&] {
        while (seconds_since(start) < seconds) runner.predict(frame, [](const Result<Prediction>&) {}).value();
        runner.wait_idle().value();
      });
    for (std::thread& caller : callers) caller.join();
    const double time = seconds_since(start);
    double whole = 0, slowest = 1e9, fastest = 0, p50 = 0, p99 = 0;
    for (Runner& runner : all) {
      const RunnerStatistics statistics = runner.statistics();
      const double rate = static_cast<double>(statistics.answered) / time;
      whole += rate, slowest = std::min(slowest, rate), fastest = std::max(fastest, rate);
      p50 = std::max(p50, statistics.latency_p50), p99 = std::max(p99, statistics.latency_p99);
    }
    std::printf("%zu %-20s %9.1f %9.1f %9.1f %9.2f %9.2f\n", runners, runners == 1 ? "Runner" : "Runners", whole,
                slowest, fastest, p50, p99);
  }
}
