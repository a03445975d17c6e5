// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/bench_live.h"

#include <mobilenet/runner.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/verbs.h"

namespace mobilenet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWidth = 1920, kHeight = 1080;
constexpr double kWarmUpSeconds = 0.5;
constexpr std::uint64_t kFewestFrames = 20;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Frames for so long, all of them answered. The number, and how long it really took.
struct Answers {
  std::uint64_t frames = 0;
  double seconds = 0;
};
Result<Answers> run(Runner& runner, const ImageView& frame, double seconds) {
  std::atomic<std::uint64_t> answered = 0;
  const auto start = Clock::now();
  std::uint64_t given = 0;
  for (; given < kFewestFrames || since(start) < seconds; ++given) {
    const auto taken =
        runner.predict(frame, [&answered](const Result<Prediction>& answer) { answered += answer ? 1 : 0; });
    if (!taken) return taken.error();
  }
  if (auto idle = runner.wait_idle(); !idle) return idle.error();
  if (answered != given) return Error{ErrorCode::unsupported, "frames of noise have no answers"};
  return Answers{given, since(start)};
}

}  // namespace

int bench_live(const Model& model, const SessionOptions& session, double seconds, bool json) {
  std::vector<std::uint8_t> noise(std::size_t{kWidth} * kHeight * 3 / 2);
  std::minstd_rand random(1);  // the same numbers in every run
  for (std::uint8_t& level : noise) level = static_cast<std::uint8_t>(random());
  ImageView frame = ImageView::packed(noise.data(), PixelFormat::nv12, kWidth, kHeight);
  frame.matrix = ColourMatrix::bt709;
  auto runner = Runner::create(model, {.session = session});
  if (!runner) return fail(runner.error());
  if (const auto warm = run(*runner, frame, kWarmUpSeconds); !warm) return fail(warm.error());
  const auto answers = run(*runner, frame, seconds);
  if (!answers) return fail(answers.error());
  const RunnerStatistics statistics = runner->statistics();
  const double rate = static_cast<double>(answers->frames) / answers->seconds;
  if (json) {
    Json line;
    line["frames_per_second"] = std::round(rate * 10) / 10;
    line["latency_p50_ms"] = milliseconds(statistics.latency_p50);
    line["latency_p99_ms"] = milliseconds(statistics.latency_p99);
    line["milliseconds"] = {{"waited", milliseconds(statistics.waited)},
                            {"preprocess", milliseconds(statistics.timing.preprocess)},
                            {"network", milliseconds(statistics.timing.network)},
                            {"postprocess", milliseconds(statistics.timing.postprocess)}};
    line["frame"] = {kWidth, kHeight};
    line["precision"] = name_of(runner->precision());
    line["backend"] = runner->device();
    line["isa"] = runner->isa();
    print_json(line);
    return kSuccess;
  }
  Table table({Align::left, Align::left});
  table.row({"model", model.info().source});
  table.row({"backend", std::string(runner->device()) + ", " + std::string(runner->isa()) + ", " +
                            std::string(name_of(runner->precision()))});
  table.row({"frames", "NV12 of " + std::to_string(kWidth) + "x" + std::to_string(kHeight) + " to " +
                           std::string(name_of(model.info().task))});
  table.row({"throughput", fixed(rate, 1) + " frames/s"});
  table.row({"latency", fixed(statistics.latency_p50, 2) + " ms (p99 " + fixed(statistics.latency_p99, 2) + ")"});
  table.row({"of that", fixed(statistics.waited, 2) + " ms until it begins, picture " +
                            fixed(statistics.timing.preprocess, 2) + ", network " +
                            fixed(statistics.timing.network, 2) + ", answer " +
                            fixed(statistics.timing.postprocess, 2)});
  print(table.text());
  return kSuccess;
}

}  // namespace mobilenet::cli
