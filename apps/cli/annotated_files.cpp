// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/annotated_files.h"

#include "cli/annotate.h"
#include "cli/encode_picture.h"
#include "cli/picture_sources.h"

namespace mobilenet::cli {
namespace {

// .jpg stays .jpg; everything else becomes .png, which loses nothing.
std::string ending_of(const std::filesystem::path& picture) {
  const std::string ending = picture.extension().string();
  return ending == ".jpg" || ending == ".jpeg" || ending == ".JPG" || ending == ".JPEG" ? ".jpg" : ".png";
}

}  // namespace

bool AnnotatedFiles::is_file() const {
  const std::string ending = std::filesystem::path(output_).extension().string();
  std::error_code ignored;
  return !ending.empty() && !output_.ends_with('/') && !std::filesystem::is_directory(output_, ignored);
}

Result<void> AnnotatedFiles::prepare() {
  if (auto able = can_annotate(); !able) return able;
  if (is_file()) {
    if (auto kind = picture_file_of(output_); !kind) return kind.error();
    if (expand_pictures(words_).size() > 1)
      return Error{ErrorCode::invalid_argument, output_ + ": several pictures need a folder, end its name in /"};
    return {};
  }
  std::error_code error;
  std::filesystem::create_directories(output_, error);
  if (error) return Error{ErrorCode::io, output_ + ": " + error.message()};
  return {};
}

std::filesystem::path AnnotatedFiles::path_for(const std::string& picture) const {
  if (is_file()) return output_;
  const std::filesystem::path name = picture == kStandardInput ? "stdin" : std::filesystem::path(picture).filename();
  return std::filesystem::path(output_) / (name.stem().string() + ending_of(name));
}

Result<void> annotate_file(const std::filesystem::path& path, const ImageView& image,
                           const std::function<Result<void>(RgbPicture&)>& draw) {
  auto picture = upright_picture(image);
  if (!picture) return picture.error();
  if (auto drawn = draw(*picture); !drawn) return drawn;
  return write_picture(path, *picture);
}

}  // namespace mobilenet::cli
