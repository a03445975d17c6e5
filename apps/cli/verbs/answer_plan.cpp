// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/answer_plan.h"

#include <algorithm>
#include <utility>

#include "cli/verbs/open_session.h"

namespace mobilenet::cli {

AnswerPlan::AnswerPlan(const Model& model, const AnswerOptions& options)
    : model_(model),
      options_(options),
      files_(options.results.if_exists),
      results_(options.results, files_),
      annotated_videos_(options.results.annotated) {
  PictureList list = list_pictures(options.pictures, options.results.folders());
  pictures_ = std::move(list.sources);
  moving_ = std::move(list.moving);
}

Result<void> AnswerPlan::prepare() {
  add_files_read(options_.model, options_.pictures, pictures_, moving_, files_);
  if (auto ready = results_.prepare(pictures_, moving_, model_.info()); !ready) return ready;
  if (auto ready = annotated_videos_.prepare(moving_, files_); !ready) return ready;
  if (auto free = files_.check_existing(); !free) return free;
  auto session = open_session(model_, options_.session);
  if (!session) return session.error();
  session_ = *std::move(session);
  choose_decoding(model_.info(), options_.session, options_.pictures);
  note_guesses(model_.info());
  if (!options_.json) say_what_runs(model_, *session_);
  return {};
}

int AnswerPlan::answer_pictures(const AnswerPictures& answer) {
  return cli::answer_pictures(
      {pictures_, options_.pictures, model_, options_.session, *session_, results_, options_.json}, answer);
}

int AnswerPlan::answer_videos_after(int pictures, const FrameAnswerOptions& answer) const {
  if (moving_.empty()) return pictures;
  VideoArguments video = options_.video;
  video.orientation = options_.pictures.options.orientation;
  return std::max(pictures,
                  answer_videos({moving_, video, model_, options_.session, options_.json}, answer, annotated_videos_));
}

}  // namespace mobilenet::cli
