// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The files that a command is going to write, settled before the first picture is read: none may replace a file that
// the command reads, and no two results may share one.

#include <mobilenet/result.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "cli/picture_sources.h"

namespace mobilenet::cli {

class OutputFiles {
 public:
  // What the command reads.
  OutputFiles(const std::filesystem::path& model, std::span<const PictureSource> pictures);
  // `content` says what will be written there: "the mask of a.jpg". Fails when `path` is read or already written.
  Result<void> add(const std::filesystem::path& path, const std::string& content);

 private:
  std::map<std::filesystem::path, std::string> content_;  // by canonical path; empty: an input
};

// Where what is made of each picture goes: one file for one picture, a folder for many.
class PictureOutputs {
 public:
  enum class Kind { annotated, mask };
  // `output` ends in a file name's ending (.png; .jpg and .jpeg for annotated pictures) or is a folder; empty: nothing
  // is written.
  PictureOutputs(Kind kind, std::string output) : kind_(kind), output_(std::move(output)) {}

  bool wanted() const { return !output_.empty(); }
  // Makes the folder and adds the files. Fails when this build cannot draw or encode, or when many pictures would go
  // into one file.
  Result<void> prepare(std::span<const PictureSource> pictures, OutputFiles& files) const;
  // In a folder: the picture's own name, for annotated JPEG pictures with .jpg, else with .png, which loses nothing.
  std::filesystem::path path_for(const std::string& picture) const;

 private:
  bool is_file() const;
  Kind kind_;
  std::string output_;
};

}  // namespace mobilenet::cli
