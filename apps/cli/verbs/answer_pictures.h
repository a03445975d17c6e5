// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the verbs that answer about pictures share: several at once, bad pictures, progress, output and the exit code.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments/options.h"
#include "cli/output/output.h"
#include "cli/pictures/picture_loader.h"
#include "cli/results/picture_answer.h"
#include "cli/results/result_files.h"
#include "cli/verbs/open_session.h"

namespace mobilenet::cli {

// What the words of the command line mean. Says which files of folders are skipped; `results` are folders that are not
// looked into on the way down.
PictureList list_pictures(const PictureArguments& arguments, std::span<const std::string> results = {});
// The same for verbs that want pictures alone: videos and cameras become pictures with an error.
std::vector<PictureSource> list_still_pictures(const PictureArguments& arguments);

// All files that the command reads: none of them may be written.
void add_files_read(const ModelChoice& model, const PictureArguments& arguments,
                    std::span<const PictureSource> pictures, std::span<const MovingSource> moving, OutputFiles& files);

// Computes the pictures together; answers[i] belongs to pictures[i]. Runs on several threads at once, each with a
// session of its own.
using AnswerPictures =
    std::function<Result<void>(Session& session, std::span<const ImageView> views,
                               std::span<LoadedPicture* const> pictures, std::span<PictureAnswer* const> answers)>;

struct AnswerRun {
  std::span<const PictureSource> pictures;
  const PictureArguments& arguments;
  const Model& model;
  const SessionOptions& options;
  Session& session;  // opened with these options
  ResultFiles& results;
  bool json = false;  // also for the errors of bad pictures, which make the exit code 1
};

// Goes through all pictures, prints their answers in order and finishes the results.
int answer_pictures(const AnswerRun& run, const AnswerPictures& answer);

// image, task, model, backend, precision, isa, milliseconds: the keys that every answer begins with. Times of a batch
// are shared out evenly.
Json answer_head(const LoadedPicture& picture, std::string_view task, const Model& model, const Session& session,
                 std::size_t batch);

// The same for people: "a.jpg  (197.4 ms, network 5.3 ms, 4 found)". The first time is that of the whole picture, from
// the file to the answer. `more` may be empty.
std::string answer_title(const LoadedPicture& picture, const Session& session, std::size_t batch,
                         std::string_view more = {});

}  // namespace mobilenet::cli
