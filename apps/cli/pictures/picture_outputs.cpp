// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/picture_outputs.h"

#include <mobilenet/draw.h>
#include <mobilenet/encode.h>

#include <filesystem>
#include <set>
#include <system_error>

#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

bool is_jpeg(const fs::path& picture) {
  const std::string ending = lower_case(picture.extension().string());
  return ending == ".jpg" || ending == ".jpeg" || ending == ".jpe";
}

}  // namespace

bool PictureOutputs::is_file() const {
  const std::string ending = fs::path(output_).extension().string();
  std::error_code ignored;
  return !ending.empty() && !output_.ends_with('/') && !fs::is_directory(output_, ignored);
}

Result<void> PictureOutputs::check_file(std::size_t pictures) const {
  const auto ending = picture_format_of(output_);
  if (kind_ == Kind::mask && (!ending || *ending != PictureFormat::png))
    return Error{ErrorCode::invalid_argument,
                 output_ + ": masks are written to .png files, or into a folder (end its name in /)"};
  if (!ending) return Error{ending.error().code, ending.error().message + ", or into a folder (end its name in /)"};
  if (pictures == 1) return {};
  return Error{ErrorCode::invalid_argument,
               output_ + ": is one file, and " + counted(pictures, "picture") + " need a folder; end its name in /"};
}

Result<void> PictureOutputs::prepare(std::span<const PictureSource> pictures, OutputFiles& files) {
  if (!wanted()) return {};
  if (kind_ == Kind::annotated) {
    if (auto able = can_draw(); !able) return able;
  }
  const bool one_file = is_file();
  if (one_file) {
    if (auto fits = check_file(pictures.size()); !fits) return fits;
  } else {
    std::error_code error;
    fs::create_directories(output_, error);
    if (error) return Error{ErrorCode::io, output_ + ": no folder can be made there: " + error.message()};
  }
  const std::string what = kind_ == Kind::mask ? "the mask of " : "the annotated ";
  std::set<std::string> taken;  // in lower case: many disks do not tell them apart
  destinations_.assign(pictures.size(), std::nullopt);
  for (std::size_t place = 0; place < pictures.size(); ++place) {
    const PictureSource& picture = pictures[place];
    if (!picture.error.empty()) continue;
    fs::path path = output_;
    if (!one_file) {
      const fs::path name = picture.name == kStandardInput ? "stdin" : fs::path(picture.name).filename();
      const std::string ending = kind_ == Kind::annotated && is_jpeg(name) ? ".jpg" : ".png";
      std::string unique = name.stem().string() + ending;
      for (int copy = 2; !taken.insert(lower_case(unique)).second; ++copy)
        unique = name.stem().string() + '_' + std::to_string(copy) + ending;
      path /= unique;
    }
    auto added = files.add(path, what + picture.name);
    if (!added) return added.error();
    destinations_[place] = *std::move(added);
  }
  return {};
}

std::string PictureOutputs::summary() const {
  return (kind_ == Kind::mask ? "masks in " : "annotated pictures in ") + output_;
}

}  // namespace mobilenet::cli
