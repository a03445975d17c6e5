// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Folders named after classes: with what was cut out of pictures, or with the pictures themselves.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/results/result_kind.h"

namespace mobilenet::cli {

// Every object, cut out: FOLDER/dog/photo_1.jpg, .png for pictures that are no JPEG. Objects without a pixel are left
// out.
class Crops : public ResultKind {
 public:
  explicit Crops(std::string folder) : folder_(std::move(folder)) {}
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer) override;
  std::string summary() const override { return "crops in " + folder_; }

 private:
  std::string folder_;
  OutputFiles* files_ = nullptr;
  std::vector<std::filesystem::path> places_;
};

enum class SortBy { links, copies };

// Every picture in the folder of its main class ("nothing found", "not sure"): a symbolic link to it, or a copy.
class SortedPictures : public ResultKind {
 public:
  SortedPictures(std::string folder, SortBy by, IfExists if_exists)
      : folder_(std::move(folder)), by_(by), if_exists_(if_exists) {}
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer) override;
  std::string summary() const override { return (by_ == SortBy::links ? "links in " : "copies in ") + folder_; }

 private:
  Result<void> link(const std::string& picture, const std::filesystem::path& path) const;

  std::string folder_;
  SortBy by_;
  IfExists if_exists_;
  OutputFiles* files_ = nullptr;
  std::vector<std::filesystem::path> places_;
};

// A label as the name of a folder: what file systems refuse, or treat as a path, becomes '_'.
std::string folder_name(std::string_view label);

}  // namespace mobilenet::cli
