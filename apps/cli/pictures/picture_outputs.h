// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where what is made of each picture goes: one file for one picture, a folder for many.

#include <mobilenet/result.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments/picture_sources.h"
#include "cli/output/output_files.h"

namespace mobilenet::cli {

class PictureOutputs {
 public:
  enum class Kind { annotated, mask };
  // `output` ends in a file name's ending (.png; .jpg and .jpeg for annotated pictures) or is a folder; empty: nothing
  // is written.
  PictureOutputs(Kind kind, std::string output) : kind_(kind), output_(std::move(output)) {}

  bool wanted() const { return !output_.empty(); }
  // Makes the folder and adds a file for each picture. In a folder: the picture's own name, for annotated JPEG pictures
  // with .jpg, else with .png, which loses nothing; a second picture of that name gets a number. Fails when this build
  // cannot draw or encode, or when many pictures would go into one file.
  Result<void> prepare(std::span<const PictureSource> pictures, OutputFiles& files);
  // Of the picture at this place of the list.
  const Destination& at(std::size_t place) const { return *destinations_[place]; }
  // What a summary says of them: "annotated pictures in out/".
  std::string summary() const;

 private:
  bool is_file() const;
  Result<void> check_file(std::size_t pictures) const;

  Kind kind_;
  std::string output_;
  std::vector<std::optional<Destination>> destinations_;  // by place; pictures that do not exist have none
};

}  // namespace mobilenet::cli
