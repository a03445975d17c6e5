// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/draw.h>
#include <mobilenet/evaluate.h>
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments/class_names.h"
#include "cli/arguments/cli11.h"
#include "cli/output/answer_text.h"
#include "cli/output/files.h"
#include "cli/output/output_files.h"
#include "cli/output/words.h"
#include "cli/pictures/write_picture.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/answer_videos.h"

// mobilenet detect P...: the objects of every picture, and of every frame of a video.

namespace mobilenet::cli {
namespace {

constexpr int kMaxDetections = 100'000;

struct DetectOptions {
  ModelChoice model{.model = {}, .labels = {}, .task = Task::detect};
  SessionOptions session;
  PictureArguments pictures;
  ClassArguments classes;
  int limit = 0;              // 0: the model's own
  int most = kMaxDetections;  // shown, of what the session finds
  std::string output;         // annotated pictures; empty: none
  std::string coco;           // COCO results; empty: none
  IfExists if_exists = IfExists::refuse;
  VideoArguments video;
  bool track = false;
  bool clip = false;
  bool json = false;
};

Detection clipped(Detection d, int width, int height) {
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  d.left = std::clamp(d.left, 0.0f, w), d.right = std::clamp(d.right, 0.0f, w);
  d.top = std::clamp(d.top, 0.0f, h), d.bottom = std::clamp(d.bottom, 0.0f, h);
  return d;
}

std::string found_text(std::size_t count) { return count == 0 ? "nothing found" : std::to_string(count) + " found"; }

class ObjectSearch {
 public:
  explicit ObjectSearch(DetectOptions& options)
      : options_(options),
        annotated_(PictureOutputs::Kind::annotated, options.output),
        annotated_videos_(options.output) {}

  Result<void> prepare() {
    auto model = open_model_for_task(options_.model);
    if (!model) return model.error();
    model_ = *std::move(model);
    if (auto chosen = choose_classes(options_.classes, model_->info(), options_.session); !chosen) return chosen;
    if (options_.limit > 0) options_.session.max_detections = options_.limit;
    PictureList list = list_pictures(options_.pictures);
    sources_ = std::move(list.sources);
    moving_ = std::move(list.moving);
    if (auto ready = prepare_outputs(); !ready) return ready;
    auto session = open_session(*model_, options_.session);
    if (!session) return session.error();
    note_guesses(model_->info());
    session_ = *std::move(session);
    if (!options_.json) say_what_runs(*model_, *session_);
    return {};
  }

  int run() {
    AnswerRun run{sources_, options_.pictures, options_.json, {}};
    if (annotated_.wanted()) run.written.push_back(annotated_.summary());
    int status = answer_pictures(run,
                                 [this](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures,
                                        std::span<std::string* const> answers) -> Result<void> {
                                   const auto found = session_->detect(views);
                                   if (!found) return found.error();
                                   for (std::size_t i = 0; i < pictures.size(); ++i)
                                     report(views[i], (*found)[i], *pictures[i], *answers[i], pictures.size());
                                   return {};
                                 });
    status = std::max(status, run_videos());
    if (!coco_file_) return status;
    const std::span<const std::byte> file = std::as_bytes(std::span(coco_.json()));
    if (auto written = write_file(*coco_file_, {&file, 1}); !written) return fail(written.error());
    note("wrote " + counted(coco_.size(), "COCO result") + " to " + options_.coco);
    return status;
  }

 private:
  int run_videos() {
    if (moving_.empty()) return kSuccess;
    FrameAnswerOptions answer;
    answer.track = options_.track;
    answer.score = options_.session.score_threshold.value_or(answer.score);
    answer.most = options_.most;
    answer.clip = options_.clip;
    options_.video.orientation = options_.pictures.options.orientation;
    return answer_videos({moving_, options_.video, *model_, options_.session, options_.json}, answer,
                         annotated_videos_);
  }

  Result<void> prepare_outputs() {
    OutputFiles files(options_.if_exists);
    add_files_read(options_.model, files);
    for (const PictureSource& picture : sources_) files.reads(picture.name);
    for (const MovingSource& video : moving_) files.reads(video.name);
    if (options_.track && moving_.empty())
      return Error{ErrorCode::invalid_argument, "--track is for videos and cameras, and there is none"};
    if (!options_.coco.empty() && !moving_.empty())
      return Error{ErrorCode::invalid_argument, "--coco is for pictures, and " + moving_.front().name + " is a video"};
    if (!options_.coco.empty()) {
      auto coco = files.add(options_.coco, "the COCO results");
      if (!coco) return coco.error();
      coco_file_ = *std::move(coco);
    }
    if (auto ready = sources_.empty() ? Result<void>() : annotated_.prepare(sources_, files); !ready) return ready;
    if (auto ready = annotated_videos_.prepare(moving_, files); !ready) return ready;
    return files.check_existing();
  }

  // Whatever can fail comes first: a picture is in all results or in none.
  void report(const ImageView& view, std::span<const Detection> found, LoadedPicture& picture, std::string& answer,
              std::size_t batch) {
    found = found.first(std::min(found.size(), static_cast<std::size_t>(options_.most)));
    std::vector<Detection> detections(found.begin(), found.end());
    if (options_.clip)
      for (Detection& d : detections) d = clipped(d, view.upright_width(), view.upright_height());
    Json head = answer_head(picture, "detect", *model_, *session_, batch);
    std::string title = answer_title(picture, *session_, batch, found_text(detections.size()));
    if (annotated_.wanted()) {
      const Destination& place = annotated_.at(picture.place);
      for (const Detection& d : detections) note_label(d.label);
      const auto written = annotate(place, *picture.image, [&](Image& copy) { return draw(copy, detections); });
      if (!written) return picture.fail(picture.name + ": " + written.error().message);
      head["annotated"] = place.path.string();
      title += "  drawn in " + printable(place.path.string()) + '\n';
    }
    if (coco_file_) {
      if (auto added = coco_.add(picture.name, detections); !added) return picture.fail(added.error().message);
    }
    head["detections"] = objects_json(detections);
    answer = options_.json ? json_line(head) : title + objects_table(detections);
  }

  DetectOptions& options_;
  PictureOutputs annotated_;
  VideoOutputs annotated_videos_;
  std::vector<PictureSource> sources_;
  std::vector<MovingSource> moving_;
  std::optional<Model> model_;
  std::optional<Session> session_;
  std::optional<Destination> coco_file_;
  CocoResults coco_;
};

int detect(DetectOptions& options) {
  ObjectSearch search(options);
  if (auto ready = search.prepare(); !ready) return fail(ready.error());
  return search.run();
}

}  // namespace

Work add_detect(CLI::App& app) {
  const auto options = std::make_shared<DetectOptions>();
  add_model_option(app, options->model);
  add_fraction(app, "--score", options->session.score_threshold, "Lowest score to show (default: 0.5)");
  add_count(app, "--max", options->most, 0, kMaxDetections, "Most objects per picture to show (default: all)");
  add_count(app, "--limit", options->limit, 1, kMaxDetections,
            "Objects per picture that the detector may find, instead of the model's own limit, which is often 10");
  add_fraction(app, "--iou", options->session.suppression.iou_threshold,
               "Boxes that overlap more are one object (default: the model's)");
  add_class_options(app, options->classes);
  add_flag(app, "--clip", options->clip, "Cut boxes at the picture's edges");
  add_flag(app, "--track", options->track, "Videos and cameras: every object keeps a number from frame to frame");
  add_video_options(app, options->video);
  add_annotation_option(app, options->output);
  add_output_name(app, "--coco", options->coco, "Also write COCO results (image_id, category_id, bbox, score)", "FILE");
  add_force_option(app, options->if_exists);
  add_answer_options(app, options->model, options->pictures, options->session);
  add_batch_option(app, options->pictures);
  add_json_option(app, options->json);
  set_footer(app,
             "Boxes are left, top, right, bottom in pixels of the upright picture and may reach beyond it.\n"
             "Class numbers are 0-based without background (COCO: category id - 1).\n"
             "\n"
             "Examples:\n"
             "  mobilenet detect photo.jpg\n"
             "  mobilenet detect --model ssd.tflite --classes person,dog -o a.png street.jpg\n"
             "  mobilenet detect --json --score 0.3 -o annotated/ holiday/ > boxes.jsonl\n"
             "  mobilenet detect --track -o seen.mp4 street.mp4\n"
             "  mobilenet detect --json --camera 1280x720@30 /dev/video0");
  return [options] { return detect(*options); };
}

}  // namespace mobilenet::cli
