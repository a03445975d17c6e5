// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Something that the answers about pictures become on the disk, beside what is printed.

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <span>
#include <string>

#include "cli/arguments/picture_sources.h"
#include "cli/output/output_files.h"
#include "cli/pictures/picture_loader.h"
#include "cli/results/picture_answer.h"

namespace mobilenet::cli {

struct ResultRequest {
  std::span<const PictureSource> pictures;
  const ModelInfo& model;
  bool resume = false;  // files that exist already are results of these pictures, and stay
};

class ResultKind {
 public:
  ResultKind() = default;
  ResultKind(const ResultKind&) = delete;
  ResultKind& operator=(const ResultKind&) = delete;
  virtual ~ResultKind() = default;

  // Settles what can be, before any work is done. `files` outlives this.
  virtual Result<void> prepare(const ResultRequest& request, OutputFiles& files) = 0;
  // Of a kind with one file a picture: whether that of the picture at this place is there already.
  virtual bool is_done([[maybe_unused]] std::size_t place) const { return false; }
  // Whether the picture is wanted small.
  virtual bool wants_thumbnail() const { return false; }
  // Writes what belongs to this picture alone, from the thread that computed the answer, several at once. May add to
  // the answer's line and title.
  virtual Result<void> write([[maybe_unused]] const LoadedPicture& picture, [[maybe_unused]] PictureAnswer& answer) {
    return {};
  }
  // Adds a good picture to what all share: one at a time, in their order.
  virtual Result<void> add([[maybe_unused]] const LoadedPicture& picture,
                           [[maybe_unused]] const PictureAnswer& answer) {
    return {};
  }
  // After the last.
  virtual Result<void> finish() { return {}; }
  // What was made, as the end of a sentence: "annotated pictures in out/".
  virtual std::string summary() const = 0;
};

}  // namespace mobilenet::cli
