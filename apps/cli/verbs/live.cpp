// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/draw.h>
#include <mobilenet/encode.h>
#include <mobilenet/model.h>
#include <mobilenet/session.h>
#include <mobilenet/video.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/arguments/class_names.h"
#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/frames/frame_answer.h"
#include "cli/frames/frame_loop.h"
#include "cli/frames/video_outputs.h"
#include "cli/live/live_frame.h"
#include "cli/live/view.h"
#include "cli/output/output_files.h"
#include "cli/output/pending_file.h"
#include "cli/output/table.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_videos.h"
#include "cli/verbs/open_session.h"

// mobilenet live [SOURCE]: a camera, a stream or a video with what a network sees in it, in a window or on a page.

namespace mobilenet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPollEvery = std::chrono::milliseconds(15);  // keys are felt to be late at 50
constexpr int kPollsOfAHeldFrame = 15;

struct LiveOptions {
  ModelChoice model{.model = {}, .labels = {}, .task = Task::detect};
  SessionOptions session;
  ClassArguments classes;
  PictureArguments source;  // one word
  VideoArguments video;
  FrameAnswerOptions answer;
  std::string output;  // a video; empty: none
  IfExists if_exists = IfExists::refuse;
  int port = -1;  // of the page; -1: a window
  bool json = false;
};

// What the next press of the overlay key shows.
enum class Overlay : std::uint8_t { answers_and_status, answers, nothing };
Overlay next(Overlay overlay) {
  return overlay == Overlay::answers_and_status ? Overlay::answers
         : overlay == Overlay::answers          ? Overlay::nothing
                                                : Overlay::answers_and_status;
}

// "mobilenet-20261128-093012-2.png", a name that nobody has.
std::string snapshot_name() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), "%Y%m%d-%H%M%S", &parts);
  const std::string stem = "mobilenet-" + std::string(time.data());
  std::string name = stem + ".png";
  for (int copy = 2; std::filesystem::exists(name); ++copy) name = stem + '-' + std::to_string(copy) + ".png";
  return name;
}

class LiveRun {
 public:
  LiveRun(const LiveOptions& options, const Model& model, VideoReader reader, FrameLoop loop,
          std::unique_ptr<FrameAnswer> answer, Painter painter, std::unique_ptr<LiveView> view,
          std::optional<Destination> recording)
      : options_(options),
        model_(model),
        reader_(std::move(reader)),
        loop_(std::move(loop)),
        answer_(std::move(answer)),
        painter_(std::move(painter)),
        view_(std::move(view)),
        recording_(std::move(recording)) {}

  // The view belongs to this thread, frames come on others.
  int run() {
    status_.source = reader_.info().source;
    status_.model = model_.info().source;
    status_.device = loop_.runner().device();
    const FinishWhenInterrupted finish([this] { stop(); });
    std::thread feeder([this] {
      ended_ = loop_.run(
          reader_,
          [this](const VideoFrame& frame, const Result<Prediction>& prediction) { return take(frame, prediction); },
          [this](const VideoFrame& frame) { return await_turn(frame); });
      newest_.end();
    });
    const Result<void> shown = show_until_the_end();
    stop();
    feeder.join();
    return report(shown);
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(turn_mutex_);
      stopped_ = true;
      turn_.notify_all();
    }
    loop_.stop(reader_);
  }

  // Frames of a file come at the pace at which they were taken; nothing comes while the picture is held.
  bool await_turn(const VideoFrame& frame) {
    std::unique_lock lock(turn_mutex_);
    const bool was_paused = paused_;
    turn_.wait(lock, [this] { return stopped_ || !paused_; });
    if (reader_.info().live) return !stopped_;
    const auto offset = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(frame.seconds()));
    if (was_paused || !clock_) clock_ = Clock::now() - offset;
    turn_.wait_until(lock, *clock_ + offset, [this] { return stopped_; });
    return !stopped_;
  }

  // On a thread of the Runner.
  Result<void> take(const VideoFrame& frame, const Result<Prediction>& prediction) {
    if (!prediction) {
      say(status_.source + ", frame " + std::to_string(frame.number()) + ": " + prediction.error().message);
      return {};
    }
    if (auto taken = answer_->take(*prediction, frame.seconds()); !taken) return taken;
    const int width = prediction->picture.upright_width(), height = prediction->picture.upright_height();
    LiveFrame& drawn = newest_.begin(width, height);
    const PixelBuffer pixels = drawn.pixels();
    if (auto converted = convert(prediction->picture, pixels); !converted) return converted;
    if (overlay_ != Overlay::nothing)
      if (auto done = answer_->draw_on(pixels, painter_); !done) return done;
    if (recording_)
      if (auto written = record(pixels, frame.seconds()); !written) return written;
    const RunnerStatistics statistics = loop_.runner().statistics();
    if (overlay_ == Overlay::answers_and_status)
      if (auto done = painter_.draw_text(
              pixels, fixed(statistics.frames_a_second, 1) + " frames/s\n" + fixed(statistics.latency_p50, 1) + " ms");
          !done)
        return done;
    Json line;
    line["frame"] = frame.number();
    line["seconds"] = std::round(frame.seconds() * 1e6) / 1e6;
    line["task"] = name_of(model_.info().task);
    answer_->describe(line);
    drawn.results = json_line(line);
    drawn.statistics = statistics;
    if (options_.json) {
      print(drawn.results);
      flush_output();
      if (!output_works()) return Error{ErrorCode::io, "standard output cannot be written"};
    }
    newest_.give();
    return {};
  }

  Result<void> record(const PixelBuffer& pixels, double seconds) {
    if (!video_) {
      auto video = PendingVideo::create(*recording_,
                                        {.width = pixels.width, .height = pixels.height, .fps = reader_.info().fps});
      if (!video) return video.error();
      video_.emplace(*std::move(video));
    }
    return video_->write(pixels.view(), seconds);
  }

  Result<void> show_until_the_end() {
    for (int idle = 0;; ++idle) {
      const bool more = newest_.wait(kPollEvery);
      // A picture that is held is shown again now and then: to browsers that come meanwhile.
      if (newest_.has_one() && (more || paused_changed_ || (status_.paused && idle >= kPollsOfAHeldFrame))) {
        paused_changed_ = false;
        idle = 0;
        const LiveFrame& frame = newest_.shown();
        status_.fps = frame.statistics.frames_a_second;
        status_.latency_p50 = frame.statistics.latency_p50, status_.latency_p99 = frame.statistics.latency_p99;
        status_.frames = frame.statistics.answered, status_.dropped = frame.statistics.dropped;
        if (auto shown = view_->show(frame.view(), frame.results, status_); !shown) return shown;
      }
      for (LiveKey key = view_->poll(); key != LiveKey::none; key = view_->poll())
        if (!obey(key)) return {};
      if (newest_.ended() && !more) return {};
    }
  }

  // False: it is over.
  bool obey(LiveKey key) {
    switch (key) {
      case LiveKey::quit:
        return false;
      case LiveKey::pause: {
        const std::lock_guard lock(turn_mutex_);
        paused_ = status_.paused = !paused_;
        paused_changed_ = true;
        turn_.notify_all();
        return true;
      }
      case LiveKey::save:
        save();
        return true;
      case LiveKey::next_overlay:
        overlay_ = next(overlay_);
        return true;
      case LiveKey::none:
        return true;
    }
    return true;
  }

  void save() {
    if (!newest_.has_one()) return;
    const std::string name = snapshot_name();
    const auto file = encode(newest_.shown().view(), PictureFormat::png);
    auto pending = file ? PendingFile::create(Destination(name)) : Result<PendingFile>(file.error());
    Result<void> written = pending ? Result<void>() : Result<void>(pending.error());
    if (pending) {
      std::fwrite(file->data(), 1, file->size(), pending->file());
      written = pending->commit();
    }
    if (written)
      note("saved " + name);
    else
      say(written.error().message);
  }

  int report(const Result<void>& shown) {
    Result<void> finished = video_ ? video_->finish() : Result<void>();
    const RunnerStatistics statistics = loop_.runner().statistics();
    std::string text = status_.source + ": " + std::to_string(statistics.answered) + " frames shown, " +
                       std::to_string(statistics.dropped) + " left out, " + fixed(statistics.latency_p50, 1) +
                       " ms from frame to answer (p99 " + fixed(statistics.latency_p99, 1) + ")";
    if (video_ && finished) text += ", recorded in " + recording_->path.string();
    note(text);
    for (const Result<void>* result :
         {&shown, const_cast<const Result<void>*>(&ended_), const_cast<const Result<void>*>(&finished)})
      if (!*result) return fail(result->error());
    return kSuccess;
  }

  const LiveOptions& options_;
  const Model& model_;
  VideoReader reader_;
  FrameLoop loop_;
  std::unique_ptr<FrameAnswer> answer_;
  Painter painter_;
  std::unique_ptr<LiveView> view_;
  std::optional<Destination> recording_;
  std::optional<PendingVideo> video_;
  LiveStatus status_;  // of the thread of the view, but for what never changes
  NewestFrame newest_;
  std::atomic<Overlay> overlay_ = Overlay::answers_and_status;
  Result<void> ended_;
  std::mutex turn_mutex_;
  std::condition_variable turn_;
  std::atomic<bool> paused_ = false;
  bool stopped_ = false, paused_changed_ = false;
  std::optional<Clock::time_point> clock_;  // when the first frame of a file was due
};

Result<std::unique_ptr<LiveView>> open_view(const LiveOptions& options, const VideoInfo& info) {
  if (options.port < 0) return open_window(info.source + " - mobilenet", info.width, info.height);
  auto page = serve_mjpeg(options.port);
  if (!page) return page.error();
  note("watch at " + page->address + " (Ctrl-C ends it)");
  return std::move(page->view);
}

int live(LiveOptions& options) {
  auto painter = Painter::create(kFramePainter);
  if (!painter) return fail(painter.error());
  const auto model = options.model.model.empty() ? open_model_for_task(options.model) : open_model(options.model);
  if (!model) return fail(model.error());
  const Task task = model->info().task;
  if (task == Task::features || task == Task::run)
    return fail(model->info().source + ": gives neither classes, objects nor a mask to be shown");
  if (auto chosen = choose_classes(options.classes, model->info(), options.session); !chosen)
    return fail(chosen.error());
  options.answer.score = options.session.score_threshold.value_or(options.answer.score);
  options.answer.top = options.session.top;
  auto answer = make_frame_answer(model->info(), options.answer);
  if (!answer) return fail(answer.error());

  if (options.source.words.size() > 1)
    return misuse("one source is shown at a time, and there are " + std::to_string(options.source.words.size()));
  if (!options.source.orientation_note.empty()) note(options.source.orientation_note);
  const std::string source = options.source.words.empty() ? "0" : options.source.words.front();
  OutputFiles files(options.if_exists);
  add_files_read(options.model, files);
  files.reads(source);
  std::optional<Destination> recording;
  if (!options.output.empty()) {
    if (auto able = can_write_video(options.output); !able) return fail(able.error());
    auto added = files.only(options.output, "the recorded video");
    if (!added) return fail(added.error());
    recording = *std::move(added);
  }
  auto reader = VideoReader::open(source, options.video.options);
  if (!reader) return fail(reader.error());

  FrameLoop::Options wishes;
  wishes.runner.session = options.session;
  ask_for_frame_answer(model->info(), options.answer, wishes.runner.session);
  // A camera does not wait; of a file every frame is shown.
  wishes.runner.when_full = reader->info().live ? WhenFull::drop_oldest : WhenFull::block;
  wishes.orientation = options.source.options.orientation;
  wishes.frames = options.video.frames;
  auto loop = FrameLoop::create(*model, wishes);
  if (!loop) return fail(loop.error());
  note_guesses(model->info());
  auto view = open_view(options, reader->info());
  if (!view) return fail(view.error());
  return LiveRun(options, *model, *std::move(reader), *std::move(loop), *std::move(answer), *std::move(painter),
                 *std::move(view), std::move(recording))
      .run();
}

}  // namespace

Work add_live(CLI::App& app) {
  const auto options = std::make_shared<LiveOptions>();
  add_model_option(app, options->model);
  add_choice(
      app, "--task", {"classify", "detect", "segment"},
      [options](std::size_t choice) {
        options->model.task = std::array{Task::classify, Task::detect, Task::segment}[choice];
      },
      "Which bundled model runs when none is named: classify,\ndetect (default) or segment");
  add_count(app, "--mjpeg", options->port, 0, 65535,
            "Show it on a page for browsers of this machine, at this\nport (0: any that is free), not in a window");
  add_output_name(app, "-o,--output", options->output, "Also record what is shown: a .mp4, .mkv, .mov or .webm",
                  "FILE");
  add_force_option(app, options->if_exists);
  add_flag(app, "--track", options->answer.track, "Every object keeps a number from frame to frame");
  add_smooth_option(app, options->answer.smooth_seconds);
  add_fraction(app, "--score", options->session.score_threshold,
               "Lowest score to show (default: the verb's of the task)");
  add_count(app, "-n,--top", options->session.top, 1, 5, "Classes to show (default: 5)");
  add_class_options(app, options->classes);
  add_labels_option(app, options->model);
  add_size_option(app, "--size", options->session);
  add_preprocess_options(app, options->model);
  add_source_options(app, options->source);
  add_video_options(app, options->video);
  add_session_options(app, options->session);
  add_json_option(app, options->json);
  set_footer(app,
             "Keys: space holds the picture, s saves it as a PNG, o or tab changes what is drawn, q or Esc ends.\n"
             "The page has buttons for them. A camera's frames are left out where they come faster than answers;\n"
             "a video is shown at its own speed, or slower, but whole.\n"
             "\n"
             "Examples:\n"
             "  mobilenet live\n"
             "  mobilenet live --task segment --camera 1280x720@30 /dev/video2\n"
             "  mobilenet live --track -o seen.mp4 rtsp://camera.local/stream\n"
             "  mobilenet live --mjpeg 8080 street.mp4");
  return [options] { return live(*options); };
}

}  // namespace mobilenet::cli
