// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output_files.h"

#include <system_error>

#include "cli/annotate.h"
#include "cli/encode_picture.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// Links and .. resolved as far as the path exists.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path found = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path.lexically_normal() : found;
}

bool is_jpeg(const fs::path& picture) {
  const std::string ending = picture.extension().string();
  return ending == ".jpg" || ending == ".jpeg" || ending == ".JPG" || ending == ".JPEG";
}

}  // namespace

OutputFiles::OutputFiles(const fs::path& model, std::span<const PictureSource> pictures) {
  if (!model.empty()) content_[resolved(model)];
  for (const PictureSource& picture : pictures)
    if (picture.error.empty() && picture.name != kStandardInput) content_[resolved(picture.name)];
}

Result<void> OutputFiles::add(const fs::path& path, const std::string& content) {
  const auto [place, is_new] = content_.emplace(resolved(path), content);
  if (is_new || place->second == content) return {};  // a picture may be named twice
  if (place->second.empty())
    return Error{ErrorCode::invalid_argument,
                 path.string() + ": " + content + " would replace a file that this command reads; name another place"};
  return Error{ErrorCode::invalid_argument, path.string() + ": both " + place->second + " and " + content +
                                                " would be written there; give them different places or names"};
}

bool PictureOutputs::is_file() const {
  const std::string ending = fs::path(output_).extension().string();
  std::error_code ignored;
  return !ending.empty() && !output_.ends_with('/') && !fs::is_directory(output_, ignored);
}

Result<void> PictureOutputs::prepare(std::span<const PictureSource> pictures, OutputFiles& files) const {
  if (!wanted()) return {};
  if (kind_ == Kind::annotated) {
    if (auto able = can_annotate(); !able) return able;
  }
  if (is_file()) {
    const auto ending = picture_file_of(output_);
    if (kind_ == Kind::mask && (!ending || *ending != PictureFile::png))
      return Error{ErrorCode::invalid_argument,
                   output_ + ": masks are written to .png files, or into a folder (end its name in /)"};
    if (!ending) return Error{ending.error().code, ending.error().message + ", or into a folder (end its name in /)"};
    if (pictures.size() > 1)
      return Error{ErrorCode::invalid_argument, output_ + ": several pictures need a folder, end its name in /"};
  } else {
    std::error_code error;
    fs::create_directories(output_, error);
    if (error) return Error{ErrorCode::io, output_ + ": " + error.message()};
  }
  const std::string what = kind_ == Kind::mask ? "the mask of " : "the annotated ";
  for (const PictureSource& picture : pictures)
    if (picture.error.empty())
      if (auto added = files.add(path_for(picture.name), what + picture.name); !added) return added;
  return {};
}

fs::path PictureOutputs::path_for(const std::string& picture) const {
  if (is_file()) return output_;
  const fs::path name = picture == kStandardInput ? "stdin" : fs::path(picture).filename();
  return fs::path(output_) / (name.stem().string() + (kind_ == Kind::annotated && is_jpeg(name) ? ".jpg" : ".png"));
}

}  // namespace mobilenet::cli
