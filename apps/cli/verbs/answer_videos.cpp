// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/answer_videos.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/frames/frame_loop.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/verbs.h"

namespace mobilenet::cli {
namespace {

using Clock = std::chrono::steady_clock;

// What is done with the frames of one source.
class Source {
 public:
  Source(const FrameRun& run, const MovingSource& source) : run_(run), source_(source) {}

  // `begin` once it is open, `take` for every frame, `end` after the last. Gives the number of frames without an
  // answer.
  struct Calls {
    std::function<Result<void>(const VideoInfo&, const Runner&)> begin;
    std::function<Result<void>(const VideoFrame&, const Prediction&)> take;
    std::function<Result<void>(std::int64_t frames, double seconds)> end;
  };
  Result<std::int64_t> go_through(const Calls& calls) {
    auto reader = VideoReader::open(source_.name, run_.arguments.options);
    if (!reader) return reader.error();
    name_ = reader->info().source;
    FrameLoop::Options options;
    options.runner.session = run_.session;
    options.orientation = run_.arguments.orientation;
    options.frames = run_.arguments.frames;
    auto loop = FrameLoop::create(run_.model, options);
    if (!loop) return loop.error();
    if (auto begun = calls.begin(reader->info(), loop->runner()); !begun) return begun.error();

    const auto start = Clock::now();
    Progress progress(expected_frames(reader->info()), AnswersGo::to_standard_output, "frame");
    std::int64_t bad = 0;
    const auto each = [&](const VideoFrame& frame, const Result<Prediction>& prediction) -> Result<void> {
      progress.clear();
      if (!prediction) ++bad, say_bad(frame, prediction.error());
      Result<void> done = prediction ? calls.take(frame, *prediction) : Result<void>();
      if (done && !output_works()) done = Error{ErrorCode::io, "standard output cannot be written"};
      progress.advance(1);
      return done;
    };
    std::optional<FinishWhenInterrupted> finish;
    if (source_.live) finish.emplace([&] { loop->stop(*reader); });
    const Result<void> ended = loop->run(*reader, each);
    finish.reset();
    progress.clear();
    // What a camera gave before it was unplugged is kept.
    if (!ended && (!source_.live || loop->frames() == 0)) return ended.error();
    if (!ended) ++bad, say(ended.error().message);
    if (reader->damaged() > 0)
      note(name_ + ": " + counted(static_cast<std::size_t>(reader->damaged()), "damaged part") + " left out");
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (auto over = calls.end(loop->frames(), seconds); !over) return over.error();
    return bad;
  }

  Json head(const VideoFrame& frame) const {
    Json line;
    line["video"] = name_;
    line["frame"] = frame.number();
    line["seconds"] = std::round(frame.seconds() * 1e6) / 1e6;
    return line;
  }

 private:
  std::size_t expected_frames(const VideoInfo& info) const {
    const auto all = static_cast<std::size_t>(std::max<std::int64_t>(info.frames, 0));
    const auto most = static_cast<std::size_t>(run_.arguments.frames);
    return most > 0 && (all == 0 || most < all) ? most : all;
  }

  void say_bad(const VideoFrame& frame, const Error& error) const {
    if (run_.json) {
      Json line = head(frame);
      line["error"] = error.message;
      print(json_line(line));
    } else {
      say(name_ + ", frame " + std::to_string(frame.number()) + ": " + error.message);
    }
  }

  const FrameRun& run_;
  const MovingSource& source_;
  std::string name_;  // as it is shown
};

// Goes through the sources; `one` gives the number of a source's frames without an answer.
int for_each_source(const FrameRun& run,
                    const std::function<Result<std::int64_t>(const MovingSource& source, std::size_t place)>& one) {
  int status = kSuccess;
  for (std::size_t i = 0; i < run.sources.size() && output_works(); ++i) {
    const MovingSource& source = run.sources[i];
    const auto bad = one(source, i);
    flush_output();
    if (!bad) {
      // The sentences of readers name the source; those of networks and drawing do not.
      const std::string name = without_password(source.name);
      const std::string& sentence = bad.error().message;
      std::string whole = sentence.starts_with(name) ? "" : name + ": ";
      whole += sentence;
      if (run.json) print_json({{"video", name}, {"error", whole}});
      status = fail(whole);
    } else if (*bad > 0) {
      status = kFailure;
    }
  }
  return status;
}

// A line for every frame of a source, and its annotated video.
class VideoAnswers {
 public:
  VideoAnswers(const FrameRun& run, const MovingSource& source, const Destination* place)
      : run_(run), source_(source), frames_(run, source), place_(place) {}

  Result<std::int64_t> go_through(const FrameAnswerOptions& options) {
    auto answer = make_frame_answer(run_.model.info(), options);
    if (!answer) return answer.error();
    answer_ = *std::move(answer);
    if (place_ != nullptr) {
      auto painter = Painter::create(kFramePainter);
      if (!painter) return painter.error();
      painter_ = *std::move(painter);
    }
    return frames_.go_through(
        {[this](const VideoInfo& info, const Runner& runner) -> Result<void> {
           info_ = info;
           runner_ = &runner;
           return {};
         },
         [this](const VideoFrame& frame, const Prediction& prediction) { return take(frame, prediction); },
         [this](std::int64_t frames, double seconds) { return end(frames, seconds); }});
  }

 private:
  Result<void> take(const VideoFrame& frame, const Prediction& prediction) {
    if (auto taken = answer_->take(prediction, frame.seconds()); !taken) return taken;
    last_seconds_ = frame.seconds();
    if (run_.json) {
      Json line = frames_.head(frame);
      line["task"] = name_of(run_.model.info().task);
      line["model"] = run_.model.info().source;
      line["backend"] = runner_->device();
      line["precision"] = name_of(runner_->precision());
      line["isa"] = runner_->isa();
      line["milliseconds"] = {{"preprocess", milliseconds(prediction.timing.preprocess)},
                              {"network", milliseconds(prediction.timing.network)},
                              {"postprocess", milliseconds(prediction.timing.postprocess)}};
      answer_->describe(line);
      print(json_line(line));
    } else {
      print(clock_text(frame.seconds()) + "  " + printable(answer_->text()) + '\n');
    }
    if (source_.live) flush_output();
    return place_ == nullptr ? Result<void>() : write(frame, prediction.picture);
  }

  Result<void> write(const VideoFrame& frame, const ImageView& picture) {
    const int width = picture.upright_width(), height = picture.upright_height();
    pixels_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    const PixelBuffer canvas = PixelBuffer::packed(pixels_.data(), PixelFormat::rgb, width, height);
    if (auto converted = convert(picture, canvas); !converted) return converted;
    if (auto drawn = answer_->draw_on(canvas, *painter_); !drawn) return drawn;
    if (!video_) {
      auto video = PendingVideo::create(*place_, {.width = width, .height = height, .fps = info_.fps});
      if (!video) return video.error();
      video_.emplace(*std::move(video));
    }
    return video_->write(canvas.view(), frame.seconds());
  }

  Result<void> end(std::int64_t frames, double seconds) {
    if (video_) {
      if (auto finished = video_->finish(); !finished) return finished;
    }
    if (run_.json) return {};
    std::string text = info_.source + ": " + counted(static_cast<std::size_t>(frames), "frame") + ", " +
                       clock_text(last_seconds_) + ", in " + fixed(seconds, seconds < 10 ? 1 : 0) + " s";
    if (seconds > 0) text += " (" + fixed(static_cast<double>(frames) / seconds, 1) + " a second)";
    if (const std::string more = answer_->summary(); !more.empty()) text += ", " + more;
    if (video_) text += ", annotated in " + place_->path.string();
    note(text);
    return {};
  }

  const FrameRun& run_;
  const MovingSource& source_;
  Source frames_;
  const Destination* place_;  // of the annotated video; null: none
  VideoInfo info_;
  const Runner* runner_ = nullptr;
  std::unique_ptr<FrameAnswer> answer_;
  std::optional<Painter> painter_;  // where there is a place for annotated frames
  std::vector<std::byte> pixels_;
  std::optional<PendingVideo> video_;
  double last_seconds_ = 0;
};

}  // namespace

std::string clock_text(double seconds) {
  const auto thousandths = static_cast<long long>(std::llround(std::max(seconds, 0.0) * 1000));
  std::array<char, 48> text{};
  const long long minutes = thousandths / 60'000;
  if (minutes >= 60) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%06.3f", minutes / 60, minutes % 60,
                  static_cast<double>(thousandths % 60'000) / 1000);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%06.3f", minutes, static_cast<double>(thousandths % 60'000) / 1000);
  }
  return text.data();
}

int go_through_videos(const FrameRun& run, const TakeFrame& take) {
  return for_each_source(run, [&](const MovingSource& source, std::size_t) {
    const auto each = [&](const VideoFrame& frame, const Prediction& prediction) {
      return take(source, frame, prediction);
    };
    return Source(run, source)
        .go_through({[](const VideoInfo&, const Runner&) { return Result<void>(); }, each,
                     [](std::int64_t, double) { return Result<void>(); }});
  });
}

int answer_videos(const FrameRun& run, const FrameAnswerOptions& options, const VideoOutputs& annotated) {
  SessionOptions session = run.session;
  ask_for_frame_answer(run.model.info(), options, session);
  const FrameRun asked{run.sources, run.arguments, run.model, session, run.json};
  return for_each_source(asked, [&](const MovingSource& source, std::size_t place) {
    return VideoAnswers(asked, source, annotated.wanted() ? &annotated.at(place) : nullptr).go_through(options);
  });
}

void add_video_options(CLI::App& app, VideoArguments& arguments) {
  add_count(app, "--frames", arguments.frames, 1, 1'000'000'000,
            "Frames of a video or camera to answer (default: all)");
  add_value(
      app, "--camera",
      [&arguments](const std::string& text) {
        // 1280x720, or 1280x720@30.
        VideoOptions& wish = arguments.options;
        const char* const end = text.data() + text.size();
        auto at = std::from_chars(text.data(), end, wish.width);
        bool good = at.ec == std::errc() && at.ptr != end && *at.ptr == 'x';
        if (good) at = std::from_chars(at.ptr + 1, end, wish.height);
        good = good && at.ec == std::errc() && wish.width > 0 && wish.height > 0;
        if (good && at.ptr != end) {
          good = *at.ptr == '@';
          if (good) at = std::from_chars(at.ptr + 1, end, wish.fps);
          good = good && at.ec == std::errc() && at.ptr == end && wish.fps > 0 && std::isfinite(wish.fps);
        }
        return good ? std::string() : "'" + text + "' is not a size like 1280x720, or 1280x720@30 with frames a second";
      },
      "Size, and frames a second, to ask of a camera (default:\nas it is set)", "WxH");
}

void add_smooth_option(CLI::App& app, double& seconds) {
  add_value(
      app, "--smooth",
      [&seconds](const std::string& text) {
        const char* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, seconds);
        const bool good = error == std::errc() && at == end && seconds >= 0 && seconds <= 60;
        return good ? std::string() : "'" + text + "' is not a number of seconds from 0 to 60";
      },
      "Videos and cameras: answers change within so many seconds,\nnot at once (default: 0)", "SECONDS");
}

}  // namespace mobilenet::cli
