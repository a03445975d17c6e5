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
#include "cli/arguments/picture_sources.h"
#include "cli/output/answer_text.h"
#include "cli/output/output_files.h"
#include "cli/results/result_files.h"
#include "cli/verbs.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/answer_videos.h"

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
  auto [sources, moving, skipped] = list_pictures(options.pictures, options.results.folders());
  OutputFiles files(options.results.if_exists);
  add_files_read(options.model, options.pictures, sources, moving, files);
  ResultFiles results(options.results, files);
  if (auto ready = results.prepare(sources, moving, model->info()); !ready) return fail(ready.error());
  VideoOutputs annotated_videos(options.results.annotated);
  if (auto ready = annotated_videos.prepare(moving, files); !ready) return fail(ready.error());
  if (auto free = files.check_existing(); !free) return fail(free.error());
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  note_guesses(model->info());
  if (!options.json) say_what_runs(*model, *session);

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
    auto written = results.write(picture, answer);
    answer.mask = nullptr;
    if (!written) return written;
    answer.text = options.json ? json_line(answer.line) : answer.title + segments_table(*found);
    return {};
  };
  const int status =
      answer_pictures({sources, options.pictures, *model, options.session, *session, results, options.json},
                      [&](Session& used, std::span<const ImageView> views, std::span<LoadedPicture* const> pictures,
                          std::span<PictureAnswer* const> answers) -> Result<void> {
                        for (std::size_t i = 0; i < views.size(); ++i)
                          if (auto done = one(used, views[i], *pictures[i], *answers[i]); !done) return done;
                        return {};
                      });
  if (moving.empty()) return status;
  FrameAnswerOptions frame_answer;
  frame_answer.smooth_seconds = options.smooth_seconds;
  options.video.orientation = options.pictures.options.orientation;
  return std::max(status, answer_videos({moving, options.video, *model, options.session, options.json}, frame_answer,
                                        annotated_videos));
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
