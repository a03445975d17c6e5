// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/output/answer_text.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_plan.h"

// mobilenet segment P...: the class of every pixel, of pictures and of the frames of videos.

namespace mobilenet::cli {
namespace {

struct SegmentOptions {
  ModelChoice model{.model = {}, .labels = {}, .task = Task::segment};
  SessionOptions session;
  PictureArguments pictures;
  ResultChoices results;
  VideoArguments video;
  double smooth_seconds = 0;
  bool json = false;
};

int segment(SegmentOptions& options) {
  const auto model = open_model_for_task(options.model);
  if (!model) return fail(model.error());
  AnswerPlan plan(*model,
                  {options.model, options.session, options.pictures, options.results, options.video, options.json});
  if (auto ready = plan.prepare(); !ready) return fail(ready.error());

  const auto one = [&](Session& used, const ImageView& view, LoadedPicture& picture,
                       PictureAnswer& answer) -> Result<void> {
    const auto found = used.segment(view);
    if (!found) return found.error();
    answer.segments.assign(found->classes.begin(), found->classes.end());
    answer.mask = &*found;
    answer.line = answer_head(picture, "segment", *model, used, 1);
    answer.line["size"] = {found->width, found->height};
    answer.line["classes"] = segments_json(found->classes);
    answer.title = answer_title(picture, used, 1);
    auto written = plan.results().write(picture, answer);
    answer.mask = nullptr;
    if (!written) return written;
    answer.text = options.json ? json_line(answer.line) : answer.title + segments_table(*found);
    return {};
  };
  const int pictures =
      plan.answer_pictures([&](Session& used, std::span<const ImageView> views, std::span<LoadedPicture* const> group,
                               std::span<PictureAnswer* const> answers) -> Result<void> {
        for (std::size_t i = 0; i < views.size(); ++i)
          if (auto done = one(used, views[i], *group[i], *answers[i]); !done) return done;
        return {};
      });
  FrameAnswerOptions frame_answer;
  frame_answer.smooth_seconds = options.smooth_seconds;
  return plan.answer_videos_after(pictures, frame_answer);
}

}  // namespace

Work add_segment(CLI::App& app) {
  const auto options = std::make_shared<SegmentOptions>();
  add_model_option(app, options->model);
  add_result_options(app, options->results, Task::segment);
  add_smooth_option(app, options->smooth_seconds);
  add_video_options(app, options->video);
  add_answer_options(app, options->model, options->pictures, options->session);
  add_json_option(app, options->json);
  set_footer(app,
             "Class numbers are the network's own; 0 is background in most files.\n"
             "\n"
             "Examples:\n"
             "  mobilenet segment -o seen.png photo.jpg\n"
             "  mobilenet segment --model deeplabv3.tflite --mask masks/ holiday/\n"
             "  mobilenet segment --smooth 0.3 -o seen.mp4 walk.mp4");
  return [options] { return segment(*options); };
}

}  // namespace mobilenet::cli
