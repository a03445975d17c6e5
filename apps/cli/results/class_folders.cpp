// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/class_folders.h"

#include <mobilenet/encode.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <system_error>

#include "cli/output/answer_text.h"
#include "cli/output/files.h"
#include "cli/output/words.h"
#include "cli/results/box_files.h"
#include "cli/results/picture_files.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 100;  // of a folder, in bytes; file systems take 255

}  // namespace

std::string folder_name(std::string_view label) {
  std::string name = printable(label);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::string_view("/\\:*?\"<>|").find(c) != std::string_view::npos; }, '_');
  if (name.size() > kLongestName) {
    std::size_t end = kLongestName;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;  // no half letters
    name.resize(end);
  }
  while (!name.empty() && (name.back() == ' ' || name.back() == '.')) name.pop_back();
  if (name.empty() || name.front() == '.') name = '_' + name;
  return name;
}

Result<void> Crops::prepare(const ResultRequest& request, OutputFiles& files) {
  files_ = &files;
  places_ = places_below_folder(request.pictures, picture_ending);
  if (auto able = picture_format_of("crop.png"); !able) return able.error();
  return make_folder(folder_);
}

Result<void> Crops::write(const LoadedPicture& picture, PictureAnswer& answer) {
  const fs::path& first = places_[picture.place];
  const fs::path place = picture.number > 1 ? numbered(first, picture.number) : first;
  const auto format = picture_format_of(place);
  if (!format) return format.error();
  std::size_t number = 0;
  for (const Detection& found : answer.detections) {
    const Detection d = clipped(found, answer.width, answer.height);
    const int left = static_cast<int>(std::floor(d.left)), top = static_cast<int>(std::floor(d.top));
    const int width = static_cast<int>(std::ceil(d.right)) - left, height = static_cast<int>(std::ceil(d.bottom)) - top;
    if (width < 1 || height < 1) continue;
    const auto part = picture.image->view().crop(left, top, width, height);
    if (!part) return part.error();
    const fs::path path =
        fs::path(folder_) / folder_name(class_name(d.class_index, d.label)) / numbered(place, ++number);
    if (auto made = make_folder(path.parent_path()); !made) return made;
    const auto destination = files_->add(path, "a crop of " + picture.name);
    if (!destination) return destination.error();
    const auto file = encode(*part, *format);
    if (!file) return file.error();
    if (auto written = write_bytes(*destination, *file); !written) return written;
  }
  return {};
}

Result<void> SortedPictures::prepare(const ResultRequest& request, OutputFiles& files) {
  files_ = &files;
  for (const PictureSource& picture : request.pictures)
    if (picture.name == kStandardInput)
      return Error{ErrorCode::invalid_argument, "--sort is for pictures that are files, and standard input is none"};
  places_ = places_below_folder(request.pictures, [](const fs::path& name) { return name.extension().string(); });
  return make_folder(folder_);
}

Result<void> SortedPictures::link(const std::string& picture, const fs::path& path) const {
  std::error_code error;
  const fs::path target = fs::absolute(picture, error);
  if (!error) {
    if (if_exists_ == IfExists::replace && fs::is_symlink(fs::symlink_status(path, error))) fs::remove(path, error);
    fs::create_symlink(target, path, error);
  }
  if (error) return Error{ErrorCode::io, path.string() + ": no link can be made there: " + error.message()};
  return {};
}

Result<void> SortedPictures::write(const LoadedPicture& picture, PictureAnswer& answer) {
  const std::string main = answer.main_class();
  const fs::path path = fs::path(folder_) / folder_name(main.empty() ? "nothing found" : main) / places_[picture.place];
  if (auto made = make_folder(path.parent_path()); !made) return made;
  answer.line["sorted"] = path.string();
  if (by_ == SortBy::links) return link(picture.name, path);
  const auto destination = files_->add(path, "a copy of " + picture.name);
  if (!destination) return destination.error();
  const auto file = read_file(picture.name);
  if (!file) return file.error();
  return write_bytes(*destination, *file);
}

}  // namespace mobilenet::cli
