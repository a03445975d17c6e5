// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How classify, detect and segment go: what is read and written is settled first, then pictures are answered, then
// videos.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <optional>
#include <span>
#include <vector>

#include "cli/arguments/model_choice.h"
#include "cli/output/output_files.h"
#include "cli/results/result_files.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/answer_videos.h"

namespace mobilenet::cli {

// A verb's options, which outlive the plan.
struct AnswerOptions {
  const ModelChoice& model;
  const SessionOptions& session;
  PictureArguments& pictures;
  const ResultChoices& results;
  const VideoArguments& video;
  bool json = false;
};

class AnswerPlan {
 public:
  // Lists the pictures and videos, and says which files are skipped.
  AnswerPlan(const Model& model, const AnswerOptions& options);
  AnswerPlan(const AnswerPlan&) = delete;
  AnswerPlan& operator=(const AnswerPlan&) = delete;

  bool has_videos() const { return !moving_.empty(); }
  // Settles all files and opens the session. Before any work is done.
  Result<void> prepare();
  // Of the pictures, from the thread that computed the answer.
  ResultFiles& results() { return results_; }

  // The exit codes. The second is the first where there are no videos.
  int answer_pictures(const AnswerPictures& answer);
  int answer_videos_after(int pictures, const FrameAnswerOptions& answer) const;

 private:
  const Model& model_;
  AnswerOptions options_;
  std::vector<PictureSource> pictures_;
  std::vector<MovingSource> moving_;
  OutputFiles files_;
  ResultFiles results_;
  VideoOutputs annotated_videos_;
  std::optional<Session> session_;
};

}  // namespace mobilenet::cli
