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
    const fs::path first = folder / (stem + end);
    fs::path unique = first;
    for (std::size_t copy = 2; !taken.insert(lower_case(unique.string())).second; ++copy)
      unique = numbered(first, copy);
    places.push_back(std::move(unique));
  }
  return places;
}

std::string picture_ending(const fs::path& picture) {
  const std::string ending = lower_case(picture.extension().string());
  return ending == ".jpg" || ending == ".jpeg" || ending == ".jpe" ? ".jpg" : ".png";
}

fs::path numbered(const fs::path& path, std::size_t number) {
  return path.parent_path() / path.stem().concat("_" + std::to_string(number)).concat(path.extension().string());
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
  std::vector<fs::path> places = places_below_folder(request.pictures, ending_);
  if (!one_file)
    if (auto made = make_folder(output_); !made) return made;
  fs::path made_last = output_;  // pictures of a folder follow each other
  destinations_.assign(places.size(), std::nullopt);
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (places[place].empty()) continue;
    const fs::path path = one_file ? fs::path(output_) : output_ / places[place];
    if (const fs::path folder = path.parent_path(); !one_file && folder != made_last) {
      if (auto made = make_folder(folder); !made) return made;
      made_last = folder;
    }
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
  return files_->add(numbered(first.path, picture.number), content_ + picture.name);
}

}  // namespace mobilenet::cli
