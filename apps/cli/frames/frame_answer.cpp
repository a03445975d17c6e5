// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/frames/frame_answer.h"

#include <mobilenet/smoothing.h>
#include <mobilenet/tracker.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cli/output/answer_text.h"
#include "cli/output/table.h"
#include "cli/output/words.h"
#include "cli/results/box_files.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kOfALine = 5;  // objects or classes; more are counted

class ClassAnswer final : public FrameAnswer {
 public:
  ClassAnswer(std::optional<ClassSmoother> smoother, int top) : smoother_(std::move(smoother)), top_(top) {}

  Result<void> take(const Prediction& frame, double seconds) override {
    classes_ = frame.classes;
    if (smoother_) {
      const auto steady = smoother_->update(frame.classes, seconds);
      if (!steady) return steady.error();
      classes_ = *steady;
    }
    classes_ = classes_.first(std::min(classes_.size(), static_cast<std::size_t>(top_)));
    return {};
  }

  void describe(Json& line) const override { line["classes"] = classes_json(classes_); }

  std::string text() const override {
    std::vector<std::string> words;
    for (const Classification& c : classes_) words.push_back(score_words(class_name(c.index, c.label), c.score));
    return words.empty() ? "no class" : join(words, ", ");
  }

  Result<void> draw_on(const PixelBuffer& frame, Painter& painter) const override {
    return painter.draw(frame, classes_);
  }

 private:
  std::optional<ClassSmoother> smoother_;
  int top_;
  std::span<const Classification> classes_;
};

class ObjectAnswer final : public FrameAnswer {
 public:
  ObjectAnswer(std::optional<Tracker> tracker, const FrameAnswerOptions& options)
      : tracker_(std::move(tracker)), options_(options) {}

  Result<void> take(const Prediction& frame, double seconds) override {
    objects_.clear();
    tracks_.clear();
    const auto most = options_.most > 0 ? static_cast<std::size_t>(options_.most) : SIZE_MAX;
    const int width = frame.picture.upright_width(), height = frame.picture.upright_height();
    if (!tracker_) {
      for (const Detection& object : frame.objects.first(std::min(frame.objects.size(), most)))
        objects_.push_back(shown(object, width, height));
      return {};
    }
    const auto seen = tracker_->update(frame.objects, seconds);
    if (!seen) return seen.error();
    for (Track track : seen->first(std::min(seen->size(), most))) {
      track.object = shown(track.object, width, height);
      tracks_.push_back(track);
      last_id_ = std::max(last_id_, track.id);
    }
    return {};
  }

  void describe(Json& line) const override {
    if (!tracker_) {
      line["detections"] = objects_json(objects_);
      return;
    }
    line["detections"] = Json::array();
    for (const Track& track : tracks_) {
      Json object = object_json(track.object);
      object["track"] = track.id;
      line["detections"].push_back(std::move(object));
    }
  }

  std::string text() const override {
    std::vector<std::string> words;
    const std::size_t all = tracker_ ? tracks_.size() : objects_.size();
    for (std::size_t i = 0; i < std::min(all, kOfALine); ++i) {
      const Detection& object = tracker_ ? tracks_[i].object : objects_[i];
      const std::string number = tracker_ ? " #" + std::to_string(tracks_[i].id) : "";
      words.push_back(score_words(class_name(object.class_index, object.label) + number, object.score));
    }
    if (all > kOfALine) words.push_back("and " + std::to_string(all - kOfALine) + " more");
    return words.empty() ? "nothing found" : join(words, ", ");
  }

  Result<void> draw_on(const PixelBuffer& frame, Painter& painter) const override {
    return tracker_ ? painter.draw(frame, std::span<const Track>(tracks_)) : painter.draw(frame, objects_);
  }

  std::string summary() const override {
    return tracker_ ? counted(static_cast<std::size_t>(last_id_), "track") : std::string();
  }

 private:
  Detection shown(const Detection& d, int width, int height) const {
    return options_.clip ? clipped(d, width, height) : d;
  }

  std::optional<Tracker> tracker_;
  FrameAnswerOptions options_;
  std::vector<Detection> objects_;
  std::vector<Track> tracks_;
  std::int64_t last_id_ = 0;
};

class MaskAnswer final : public FrameAnswer {
 public:
  explicit MaskAnswer(std::optional<MaskSmoother> smoother) : smoother_(std::move(smoother)) {}

  Result<void> take(const Prediction& frame, double seconds) override {
    answer_ = frame.segmentation;
    if (!smoother_) return {};
    const auto steady = smoother_->update(answer_, seconds);
    if (!steady) return steady.error();
    answer_ = *steady;
    return {};
  }

  void describe(Json& line) const override {
    line["size"] = {answer_.width, answer_.height};
    line["classes"] = segments_json(answer_.classes);
  }

  std::string text() const override {
    std::vector<std::string> words;
    const std::int64_t all = std::int64_t{answer_.width} * answer_.height;
    for (const SegmentClass& c : answer_.classes.first(std::min(answer_.classes.size(), kOfALine)))
      words.push_back(class_name(c.index, c.label) + ' ' + share_words(c.pixels, all));
    return join(words, ", ");
  }

  Result<void> draw_on(const PixelBuffer& frame, Painter& painter) const override {
    return painter.draw(frame, answer_);
  }

 private:
  std::optional<MaskSmoother> smoother_;
  Segmentation answer_;
};

Error does_not_fit(const ModelInfo& model, const std::string& option, const std::string& why) {
  return {ErrorCode::invalid_argument,
          option + " " + why + ", and " + model.source + " is a " + std::string(name_of(model.task)) + " model"};
}

}  // namespace

Result<std::unique_ptr<FrameAnswer>> make_frame_answer(const ModelInfo& model, const FrameAnswerOptions& options) {
  if (options.track && model.task != Task::detect) return does_not_fit(model, "--track", "is for detectors");
  if (options.smooth_seconds > 0 && model.task == Task::detect)
    return does_not_fit(model, "--smooth", "is for classes and masks (--track keeps objects)");
  if (model.task == Task::classify) {
    std::optional<ClassSmoother> smoother;
    if (options.smooth_seconds > 0) {
      auto made = ClassSmoother::create({.half_life = options.smooth_seconds});
      if (!made) return made.error();
      smoother = *std::move(made);
    }
    return std::unique_ptr<FrameAnswer>(new ClassAnswer(std::move(smoother), options.top));
  }
  if (model.task == Task::segment) {
    std::optional<MaskSmoother> smoother;
    if (options.smooth_seconds > 0) {
      auto made = MaskSmoother::create({.hold_seconds = options.smooth_seconds});
      if (!made) return made.error();
      smoother = *std::move(made);
    }
    return std::unique_ptr<FrameAnswer>(new MaskAnswer(std::move(smoother)));
  }
  std::optional<Tracker> tracker;
  if (options.track) {
    TrackerOptions wishes;
    wishes.high_score = options.score;
    wishes.low_score = std::min(wishes.low_score, wishes.high_score);
    auto made = Tracker::create(wishes);
    if (!made) return made.error();
    tracker = *std::move(made);
  }
  return std::unique_ptr<FrameAnswer>(new ObjectAnswer(std::move(tracker), options));
}

void ask_for_frame_answer(const ModelInfo& model, const FrameAnswerOptions& options, SessionOptions& session) {
  if (options.track) session.score_threshold = std::min(TrackerOptions{}.low_score, options.score);
  if (options.smooth_seconds > 0 && model.task == Task::classify) session.top = model.classes;
}

}  // namespace mobilenet::cli
