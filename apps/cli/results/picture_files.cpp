// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/picture_files.h"

#include <set>
#include <system_error>

#include "cli/output/words.h"

namespace mobilenet::cli {

namespace fs = std::filesystem;

std::vector<fs::path> places_below_folder(std::span<const PictureSource> pictures, const EndingOf& ending) {
  std::vector<fs::path> places;
  std::set<std::string> taken;  // in lower case: many disks do not tell them apart
  for (const PictureSource& picture : pictures) {
    if (!picture.error.empty()) {
      places.emplace_back();
      continue;
    }
    const fs::path name = picture.name == kStandardInput ? "stdin" : fs::path(picture.below);
    const fs::path folder = name.parent_path();
    const std::string stem = name.stem().string(), end = ending(name);
    fs::path unique = folder / (stem + end);
    for (int copy = 2; !taken.insert(lower_case(unique.string())).second; ++copy)
      unique = folder / std::string(stem).append("_").append(std::to_string(copy)).append(end);
    places.push_back(std::move(unique));
  }
  return places;
}

bool PictureFiles::is_file() const {
  const std::string ending = fs::path(output_).extension().string();
  std::error_code ignored;
  return !ending.empty() && !output_.ends_with('/') && !fs::is_directory(output_, ignored);
}

Result<void> PictureFiles::prepare(const ResultRequest& request, OutputFiles& files) {
  files_ = &files;
  const bool one_file = is_file();
  if (one_file && request.pictures.size() > 1) {
    return Error{ErrorCode::invalid_argument, output_ + ": is one file, and " +
                                                  counted(request.pictures.size(), "picture") +
                                                  " need a folder; end its name in /"};
  }
  const std::vector<fs::path> places = places_below_folder(request.pictures, ending_);
  destinations_.assign(places.size(), std::nullopt);
  std::set<fs::path> folders;
  if (!one_file) folders.insert(output_);
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (places[place].empty()) continue;
    const fs::path path = one_file ? fs::path(output_) : output_ / places[place];
    if (!one_file) folders.insert(path.parent_path());
  }
  for (const fs::path& folder : folders) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return Error{ErrorCode::io, folder.string() + ": no folder can be made there: " + error.message()};
  }
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (places[place].empty()) continue;
    const fs::path path = one_file ? fs::path(output_) : output_ / places[place];
    std::error_code ignored;
    if (request.resume && fs::is_regular_file(path, ignored)) continue;
    auto added = files.add(path, content_ + request.pictures[place].name);
    if (!added) return added.error();
    destinations_[place] = *std::move(added);
  }
  return {};
}

Result<Destination> PictureFiles::at(const LoadedPicture& picture) const {
  const Destination& first = *destinations_[picture.place];
  if (picture.number < 2) return first;
  if (is_file())
    return Error{ErrorCode::invalid_argument,
                 output_ + ": is one file, and more than one picture comes; name a folder (end its name in /)"};
  const fs::path name =
      first.path.stem().string() + '_' + std::to_string(picture.number) + first.path.extension().string();
  return files_->add(first.path.parent_path() / name, content_ + picture.name);
}

}  // namespace mobilenet::cli
