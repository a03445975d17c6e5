// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/arguments/class_names.h"
#include "cli/arguments/cli11.h"
#include "cli/output/answer_text.h"
#include "cli/results/box_files.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_plan.h"

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
  ResultChoices results;
  VideoArguments video;
  bool track = false;
  bool clip = false;
  bool json = false;
};

std::string found_text(std::size_t count) { return count == 0 ? "nothing found" : std::to_string(count) + " found"; }

int detect(DetectOptions& options) {
  const auto model = open_model_for_task(options.model);
  if (!model) return fail(model.error());
  if (auto chosen = choose_classes(options.classes, model->info(), options.session); !chosen)
    return fail(chosen.error());
  if (options.limit > 0) options.session.max_detections = options.limit;
  AnswerPlan plan(*model,
                  {options.model, options.session, options.pictures, options.results, options.video, options.json});
  if (options.track && !plan.has_videos()) return misuse("--track is for videos and cameras, and there is none");
  if (auto ready = plan.prepare(); !ready) return fail(ready.error());

  const auto report = [&](const Session& used, std::span<const Detection> found, LoadedPicture& picture,
                          PictureAnswer& answer, std::size_t batch) {
    found = found.first(std::min(found.size(), static_cast<std::size_t>(options.most)));
    answer.detections.assign(found.begin(), found.end());
    if (options.clip)
      for (Detection& d : answer.detections) d = clipped(d, answer.width, answer.height);
    answer.line = answer_head(picture, "detect", *model, used, batch);
    answer.title = answer_title(picture, used, batch, found_text(answer.detections.size()));
    if (auto written = plan.results().write(picture, answer); !written)
      return picture.fail(picture.name + ": " + written.error().message);
    answer.line["detections"] = objects_json(answer.detections);
    answer.text = options.json ? json_line(answer.line) : answer.title + objects_table(answer.detections);
  };
  const int pictures =
      plan.answer_pictures([&](Session& used, std::span<const ImageView> views, std::span<LoadedPicture* const> group,
                               std::span<PictureAnswer* const> answers) -> Result<void> {
        const auto found = used.detect(views);
        if (!found) return found.error();
        for (std::size_t i = 0; i < group.size(); ++i) report(used, (*found)[i], *group[i], *answers[i], group.size());
        return {};
      });
  FrameAnswerOptions frame_answer;
  frame_answer.track = options.track;
  frame_answer.score = options.session.score_threshold.value_or(frame_answer.score);
  frame_answer.most = options.most;
  frame_answer.clip = options.clip;
  return plan.answer_videos_after(pictures, frame_answer);
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
  add_result_options(app, options->results, Task::detect);
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
             "  mobilenet detect -r --yolo labels/ --crops crops/ --html report.html holiday/\n"
             "  mobilenet detect --track -o seen.mp4 street.mp4\n"
             "  mobilenet detect --json --camera 1280x720@30 /dev/video0");
  return [options] { return detect(*options); };
}

}  // namespace mobilenet::cli
