// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// All that a command makes of its answers, as its options ask for.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/task.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/arguments/picture_sources.h"
#include "cli/output/output_files.h"
#include "cli/results/result_kind.h"

namespace CLI {
class App;
}

namespace mobilenet::cli {

struct ResultChoices {
  std::string annotated;  // files or folders; empty: none
  std::string mask, csv, coco, yolo, voc, crops, sort, sheet, html;
  bool copy = false;    // for `sort`
  bool resume = false;  // pictures whose files are there already are left out
  IfExists if_exists = IfExists::refuse;

  // The folders among them, which no list of pictures should hold.
  std::vector<std::string> folders() const;
};

// The options that fit a verb of this task, -o and --force among them.
void add_result_options(CLI::App& app, ResultChoices& choices, Task task);

class ResultFiles {
 public:
  // `files` knows what the command reads, and outlives this.
  ResultFiles(const ResultChoices& choices, OutputFiles& files) : choices_(choices), files_(files) {}

  // Settles all files, but for whether they exist already (OutputFiles::check_existing()). With --resume, pictures that
  // have all of theirs become done. Results other than -o are for pictures alone.
  Result<void> prepare(std::vector<PictureSource>& pictures, std::span<const MovingSource> moving,
                       const ModelInfo& model);
  // ResultKind::write() and add() of all.
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer);
  Result<void> add(const LoadedPicture& picture, PictureAnswer& answer);
  Result<void> finish();
  // "annotated pictures in out/"
  std::vector<std::string> summaries() const;
  // "dog 31, person 12": how many pictures have what, most first.
  std::string class_counts() const;

 private:
  Result<void> check_choices(std::span<const MovingSource> moving) const;
  void make_kinds();

  const ResultChoices& choices_;
  OutputFiles& files_;
  std::vector<std::unique_ptr<ResultKind>> kinds_;
  bool wants_thumbnails_ = false;
  std::map<std::string, std::size_t> counts_;
};

}  // namespace mobilenet::cli
