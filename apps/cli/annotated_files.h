// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where annotated pictures go: one file for one picture, a folder for many.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/rgb_picture.h"

namespace mobilenet::cli {

class AnnotatedFiles {
 public:
  // `output`: a name ending in .png, .jpg or .jpeg for a single picture, else a folder.
  AnnotatedFiles(std::string output, std::vector<std::string> words)
      : output_(std::move(output)), words_(std::move(words)) {}

  // Makes the folder; fails when this build cannot draw or encode, or when many pictures would go into one file.
  Result<void> prepare();
  // In a folder: the picture's own name with a .png or .jpg ending.
  std::filesystem::path path_for(const std::string& picture) const;

 private:
  bool is_file() const;
  std::string output_;
  std::vector<std::string> words_;
};

// Draws on the upright picture and writes it.
Result<void> annotate_file(const std::filesystem::path& path, const ImageView& image,
                           const std::function<Result<void>(RgbPicture&)>& draw);

}  // namespace mobilenet::cli
