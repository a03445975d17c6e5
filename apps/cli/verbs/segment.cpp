// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/draw.h>
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
#include "cli/pictures/write_picture.h"
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
  std::string output;  // annotated pictures; empty: none
  std::string mask;    // indexed PNG files; empty: none
  IfExists if_exists = IfExists::refuse;
  VideoArguments video;
  double smooth_seconds = 0;
  bool json = false;
};

int segment(SegmentOptions& options) {
  const auto model = open_model_for_task(options.model);
  if (!model) return fail(model.error());
  const auto [sources, moving, skipped] = list_pictures(options.pictures);
  PictureOutputs annotated(PictureOutputs::Kind::annotated, options.output);
  PictureOutputs masks(PictureOutputs::Kind::mask, options.mask);
  OutputFiles files(options.if_exists);
  add_files_read(options.model, files);
  for (const PictureSource& picture : sources) files.reads(picture.name);
  for (const MovingSource& video : moving) files.reads(video.name);
  if (!options.mask.empty() && !moving.empty())
    return misuse("--mask is for pictures, and " + moving.front().name + " is a video; -o shows its masks");
  AnswerRun run{sources, options.pictures, options.json, {}};
  for (PictureOutputs* outputs : {&annotated, &masks}) {
    if (sources.empty()) break;
    if (auto ready = outputs->prepare(sources, files); !ready) return fail(ready.error());
    if (outputs->wanted()) run.written.push_back(outputs->summary());
  }
  VideoOutputs annotated_videos(options.output);
  if (auto ready = annotated_videos.prepare(moving, files); !ready) return fail(ready.error());
  if (auto free = files.check_existing(); !free) return fail(free.error());
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  note_guesses(model->info());
  if (!options.json) say_what_runs(*model, *session);

  const auto one = [&](const ImageView& view, LoadedPicture& picture, std::string& text) -> Result<void> {
    const auto answer = session->segment(view);
    if (!answer) return answer.error();
    Json line = answer_head(picture, "segment", *model, *session, 1);
    std::string title = answer_title(picture, *session, 1);
    line["size"] = {answer->width, answer->height};
    line["classes"] = segments_json(answer->classes);
    const auto add_file = [&](const char* key, const char* words, const Destination& place) {
      line[key] = place.path.string();
      title += words + printable(place.path.string()) + '\n';
    };
    if (masks.wanted()) {
      const Destination& place = masks.at(picture.place);
      if (auto written = write_mask(place, answer->mask, answer->width, answer->height); !written) return written;
      add_file("mask", "  mask in ", place);
    }
    if (annotated.wanted()) {
      const Destination& place = annotated.at(picture.place);
      for (const SegmentClass& c : answer->classes) note_label(c.label);
      auto written = annotate(place, *picture.image, [&](Image& copy) { return draw(copy, *answer); });
      if (!written) return written;
      add_file("annotated", "  drawn in ", place);
    }
    text = options.json ? json_line(line) : title + segments_table(*answer);
    return {};
  };
  const int status = answer_pictures(run,
                                     [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures,
                                         std::span<std::string* const> answers) -> Result<void> {
                                       for (std::size_t i = 0; i < views.size(); ++i)
                                         if (auto done = one(views[i], *pictures[i], *answers[i]); !done) return done;
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
  add_annotation_option(app, options->output);
  add_output_name(app, "--mask", options->mask,
                  "Write masks: indexed PNG of the picture's size, the pixel is the class; a .png for one picture, a "
                  "folder for many (end its name in /)");
  add_force_option(app, options->if_exists);
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
