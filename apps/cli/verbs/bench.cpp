// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/verbs.h"
#include "cli/verbs/bench_live.h"
#include "cli/verbs/open_session.h"

// mobilenet bench: the time of the network alone, its input ready in memory; or that of a whole answer to a picture
// that has the network's size already.

namespace mobilenet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kDefaultSeconds = 3;
constexpr double kMaxSeconds = 86400;
// The first runs compile, touch fresh memory and wake the threads. A quarter of the measured time is enough for the
// clock frequency to settle, and half a second always is.
constexpr int kWarmUpRuns = 2;
constexpr double kWarmUpShare = 0.25;
constexpr double kWarmUpSeconds = 0.5;
constexpr std::size_t kFewestRuns = 5;  // below that a median and its spread say nothing

enum class Until { logits, result };

struct BenchOptions {
  ModelChoice model;
  SessionOptions session;
  int batch = 1;
  Until until = Until::logits;
  double seconds = kDefaultSeconds;
  bool per_layer = false;
  bool live = false;
  bool json = false;
};

// A model's input filled with numbers that a preprocessed picture could have.
struct RandomInput {
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
};

// The shape at this batch and input size: the two axes that hold the model's own size are replaced.
std::vector<std::int64_t> input_shape(const ModelInfo& info, const TensorInfo& tensor, const BenchOptions& options) {
  std::vector<std::int64_t> shape = tensor.shape;
  // A file may fix how many pictures it computes at once.
  if (!shape.empty()) shape[0] = (options.batch + shape[0] - 1) / shape[0] * shape[0];
  if (options.session.input_height == 0 || shape.size() != 4) return shape;
  const std::size_t row_axis = shape[1] == info.input_height && shape[2] == info.input_width ? 1 : 2;
  shape[row_axis] = options.session.input_height;
  shape[row_axis + 1] = options.session.input_width;
  return shape;
}

RandomInput random_input(const ModelInfo& info, const TensorInfo& tensor, const BenchOptions& options) {
  RandomInput input{input_shape(info, tensor, options), {}};
  std::size_t count = 1;
  for (const std::int64_t size : input.shape) count *= static_cast<std::size_t>(size);
  input.bytes.resize(count * size_of(tensor.type));
  std::minstd_rand random(1);  // the same numbers in every run
  if (tensor.type == DataType::f32) {
    for (std::size_t i = 0; i < count; ++i) {
      const float value = static_cast<float>(random() % 256) / 127.5f - 1.0f;
      std::memcpy(input.bytes.data() + i * sizeof value, &value, sizeof value);
    }
  } else if (size_of(tensor.type) == 1) {
    for (std::byte& byte : input.bytes) byte = static_cast<std::byte>(random() % 256);
  }
  return input;
}

double percentile(std::span<const double> sorted, double fraction) {
  return sorted[static_cast<std::size_t>(std::lround(fraction * static_cast<double>(sorted.size() - 1)))];
}

// Milliseconds of single runs, and of each step of them.
struct Measurement {
  std::vector<double> runs;
  double total_seconds = 0;
  std::vector<StepTime> steps;  // names and kinds
  std::vector<std::vector<double>> step_times;
};

Result<void> check_finite(std::span<const TensorView> outputs) {
  for (const TensorView& output : outputs) {
    if (output.type != DataType::f32) continue;
    const auto values = output.as<float>();
    if (std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) continue;
    return Error{ErrorCode::unsupported, "output " + std::string(output.name) + " holds values that are not finite"};
  }
  return {};
}

// What is measured: one call of a session.
using Run = std::function<Result<void>(Session&)>;

Result<void> discard(const auto& answer) {
  if (!answer) return answer.error();
  return {};
}

Result<Measurement> measure(Session& session, const Run& run, double seconds) {
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const double warm_up = std::min(seconds * kWarmUpShare, kWarmUpSeconds);
  const auto begin = Clock::now();
  for (int i = 0; i < kWarmUpRuns || since(begin) < warm_up; ++i) {
    if (const auto done = run(session); !done) return done.error();
  }
  Measurement measurement;
  const auto start = Clock::now();
  while (measurement.runs.size() < kFewestRuns || since(start) < seconds) {
    const auto run_start = Clock::now();
    const auto done = run(session);
    measurement.runs.push_back(since(run_start) * 1e3);
    if (!done) return done.error();
    const auto steps = session.step_times();
    measurement.step_times.resize(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) measurement.step_times[i].push_back(steps[i].milliseconds);
    measurement.steps.assign(steps.begin(), steps.end());
  }
  measurement.total_seconds = since(start);
  std::sort(measurement.runs.begin(), measurement.runs.end());
  for (auto& times : measurement.step_times) std::sort(times.begin(), times.end());
  return measurement;
}

void report_steps(const Measurement& measurement, bool json) {
  double sum = 0;
  for (const auto& times : measurement.step_times) sum += percentile(times, 0.5);
  Table table({Align::left, Align::left, Align::right, Align::right});
  table.row({"step", "kind", "median ms", "share"});
  for (std::size_t i = 0; i < measurement.steps.size(); ++i) {
    const StepTime& step = measurement.steps[i];
    const double median = percentile(measurement.step_times[i], 0.5);
    if (json) {
      print(json_line({{"step", step.name}, {"kind", step.kind}, {"median_ms", milliseconds(median)}}));
    } else {
      table.row({std::string(step.name), std::string(step.kind), fixed(median, 3),
                 fixed(sum > 0 ? 100 * median / sum : 0, 1) + " %"});
    }
  }
  if (!json) print(table.text() + '\n');
}

void report(const BenchOptions& options, const ModelInfo& info, const Session& session,
            const Measurement& measurement) {
  const double median = percentile(measurement.runs, 0.5);
  const double p10 = percentile(measurement.runs, 0.1);
  const double p90 = percentile(measurement.runs, 0.9);
  const double rate = options.batch * static_cast<double>(measurement.runs.size()) / measurement.total_seconds;
  if (options.json) {
    Json line;
    line["median_ms"] = milliseconds(median);
    line["p10_ms"] = milliseconds(p10);
    line["p90_ms"] = milliseconds(p90);
    line["images_per_second"] = std::round(rate * 10) / 10;
    line["threads"] = session.threads();
    line["isa"] = session.isa();
    line["precision"] = name_of(session.precision());
    line["backend"] = session.device();
    line["batch"] = options.batch;
    if (options.until == Until::result) line["until"] = "result";
    print_json(line);
    return;
  }
  Table table({Align::left, Align::left});
  table.row({"model", info.source});
  table.row({"backend", std::string(session.device()) + ", " + std::string(session.isa()) + ", " +
                            std::string(name_of(session.precision())) + ", threads: " +
                            std::to_string(session.threads()) + ", batch: " + std::to_string(options.batch)});
  if (options.until == Until::result)
    table.row({"until", "result of a picture (task: " + std::string(name_of(info.task)) + ")"});
  table.row({"median", fixed(median, 3) + " ms"});
  table.row({"p10 .. p90",
             fixed(p10, 3) + " .. " + fixed(p90, 3) + " ms, " + std::to_string(measurement.runs.size()) + " runs"});
  table.row({"throughput", fixed(rate, 1) + " images/s"});
  print(table.text());
}

// Raw tensors through the network. The inputs must outlive the Run.
Run run_network(std::span<const TensorView> inputs) {
  return [inputs](Session& session) { return discard(session.run(inputs)); };
}

// Pictures through all that a session does. Segmenters answer one at a time.
Run run_task(Task task, std::span<const ImageView> views) {
  if (task == Task::detect) return [views](Session& session) { return discard(session.detect(views)); };
  if (task == Task::classify) return [views](Session& session) { return discard(session.classify(views)); };
  return [views](Session& session) -> Result<void> {
    for (const ImageView& view : views) {
      if (const auto answer = session.segment(view); !answer) return answer.error();
    }
    return {};
  };
}

// A picture of noise, the same in every run.
std::vector<std::byte> random_picture(int width, int height) {
  std::vector<std::byte> rgb(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  std::minstd_rand random(1);
  for (std::byte& byte : rgb) byte = static_cast<std::byte>(random() % 256);
  return rgb;
}

int measure_and_report(const BenchOptions& options, const Model& model, const Run& run) {
  if (options.per_layer) {  // apart, so that reading the clock at every step is not in the figures below
    SessionOptions profiled = options.session;
    profiled.profile = true;
    auto session = model.session(profiled);
    if (!session) return fail(session.error());
    const auto measurement = measure(*session, run, options.seconds);
    if (!measurement) return fail(measurement.error().message);
    report_steps(*measurement, options.json);
  }
  auto session = model.session(options.session);
  if (!session) return fail(session.error());
  const auto measurement = measure(*session, run, options.seconds);
  if (!measurement) return fail(measurement.error().message);
  report(options, model.info(), *session, *measurement);
  return kSuccess;
}

int bench_logits(BenchOptions options, const Model& model) {
  const ModelInfo& info = model.info();
  if (options.session.precision == Precision::automatic) {  // that of answers, in which run() would not compute
    const auto session = model.session(options.session);
    if (!session) return fail(session.error());
    options.session.precision = session->precision();
  }
  std::vector<RandomInput> storage;
  for (const TensorInfo& tensor : info.inputs) storage.push_back(random_input(info, tensor, options));
  std::vector<TensorView> inputs;
  for (std::size_t i = 0; i < storage.size(); ++i) {
    inputs.push_back(
        {info.inputs[i].name, info.inputs[i].type, storage[i].shape, storage[i].bytes.data(), storage[i].bytes.size()});
  }
  {  // a time means nothing when the numbers do not
    auto session = model.session(options.session);
    if (!session) return fail(session.error());
    const auto outputs = session->run(inputs);
    if (!outputs) return fail(outputs.error().message);
    if (const auto finite = check_finite(*outputs); !finite) return fail(finite.error().message);
  }
  return measure_and_report(options, model, run_network(inputs));
}

int bench_result(BenchOptions options, const Model& model) {
  const ModelInfo& info = model.info();
  if (info.task == Task::features)
    return fail(info.source + " has no result beyond its raw outputs; leave out --until result");
  // The picture needs no resizing, so none is measured.
  options.session.preprocess = PreprocessPolicy::squash;
  const int height = options.session.input_height > 0 ? options.session.input_height : info.input_height;
  const int width = options.session.input_width > 0 ? options.session.input_width : info.input_width;
  const std::vector<std::byte> rgb = random_picture(width, height);
  const std::vector<ImageView> views(static_cast<std::size_t>(options.batch),
                                     ImageView::packed(rgb.data(), PixelFormat::rgb, width, height));
  return measure_and_report(options, model, run_task(info.task, views));
}

int bench(const BenchOptions& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  note_threads(options.session);
  if (options.live) return bench_live(*model, options.session, options.seconds, options.json);
  return options.until == Until::logits ? bench_logits(options, *model) : bench_result(options, *model);
}

}  // namespace

Work add_bench(CLI::App& app) {
  const auto options = std::make_shared<BenchOptions>();
  add_model_option(app, options->model);
  add_size_option(app, "--size,--input", options->session);
  add_encoding_options(app, options->model);
  add_count(app, "-b,--batch", options->batch, 1, 65536, "Pictures computed at once (default: 1)");
  add_choice(
      app, "--until", {"logits", "result"},
      [options](std::size_t choice) { options->until = choice == 0 ? Until::logits : Until::result; },
      "logits: the raw network (default); result: from a picture of\nthe network's size to classes, boxes after "
      "suppression, or\nthe mask",
      "POINT");
  add_session_options(app, options->session);
  add_value(
      app, "-s,--seconds",
      [options](const std::string& text) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), options->seconds);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        const bool fits = is_number && options->seconds > 0 && options->seconds <= kMaxSeconds;
        return fits ? "" : "a number of seconds above 0, up to 86400, is wanted";
      },
      "How long to measure, after a warm-up (default: 3)", "S");
  add_flag(app, "--per-layer", options->per_layer, "Also the median time of every step of the plan");
  add_flag(app, "--live", options->live,
           "Frames of a camera (NV12, 1920x1080) in flight, from their\npixels to their answers: frames a second and "
           "latency");
  add_flag(app, "--json", options->json, "JSON on standard output; the last line is the result");
  set_footer(app,
             "Only the network is timed: the input lies in memory, the output stays there. With\n"
             "--until result the picture's encoding and the answer count too; no picture is decoded\n"
             "or resized.\n"
             "MOBILENET_CPU_ISA=NAME forces an instruction set (`mobilenet --version` lists them).\n"
             "\n"
             "Examples:\n"
             "  mobilenet bench --model mobilenet_v2:1.0:224 --threads 1\n"
             "  mobilenet bench --model mobilenet_v1.tflite --per-layer\n"
             "  mobilenet bench --model mobilenet_v2:1.0:224 --batch 8 --seconds 10 --json\n"
             "  mobilenet bench --model ssdlite_mobilenet_v2:1.0:320 --until result\n"
             "  mobilenet bench --live --threads 1");
  return [options] { return bench(*options); };
}

}  // namespace mobilenet::cli
