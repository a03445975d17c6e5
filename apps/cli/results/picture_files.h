// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where the files go of which each picture has one: a file for one picture, a folder for many.

#include <mobilenet/result.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/output/output_files.h"
#include "cli/pictures/picture_loader.h"
#include "cli/results/result_kind.h"

namespace mobilenet::cli {

// The ending of what is made of a picture of this name: ".png".
using EndingOf = std::function<std::string(const std::filesystem::path& picture)>;

// A place below a folder for every picture that exists: the picture's own name with the other ending, below the same
// subfolders as below the folder that it was found in. A second one of that name, in upper or lower case, gets a
// number.
std::vector<std::filesystem::path> places_below_folder(std::span<const PictureSource> pictures, const EndingOf& ending);

// Of a picture that is made of one of this name: JPEG pictures stay .jpg, all others become .png, which loses nothing.
std::string picture_ending(const std::filesystem::path& picture);
// The path with a number between stem and ending: "out/photo_2.jpg".
std::filesystem::path numbered(const std::filesystem::path& path, std::size_t number);

class PictureFiles {
 public:
  // `output` is a file, when its ending is one of a file's, or a folder. `content` begins a sentence about one of them:
  // "the mask of ".
  PictureFiles(std::string output, std::string content, EndingOf ending)
      : output_(std::move(output)), content_(std::move(content)), ending_(std::move(ending)) {}

  // Whether all goes to one file.
  bool is_file() const;
  const std::string& output() const { return output_; }
  // Makes the folders and adds a file for each picture. Fails when many pictures would go into one file.
  Result<void> prepare(const ResultRequest& request, OutputFiles& files);
  // There is no such picture, or its file is there already and stays.
  bool is_done(std::size_t place) const { return !destinations_[place]; }
  // Not of one that is done. A picture that standard input brought after the first gets a file with its number.
  Result<Destination> at(const LoadedPicture& picture) const;

 private:
  std::string output_, content_;
  EndingOf ending_;
  OutputFiles* files_ = nullptr;
  std::vector<std::optional<Destination>> destinations_;  // by place
};

}  // namespace mobilenet::cli
