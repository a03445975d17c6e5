// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/picture_loader.h"

#include <unistd.h>

#include <chrono>

#include "cli/output/files.h"

namespace mobilenet::cli {

PictureLoader::PictureLoader(std::span<const PictureSource> sources, const PictureOptions& options)
    : sources_(sources), options_(options) {
  for (const PictureSource& source : sources) total_ += source.done ? 0 : 1;
}

std::vector<LoadedPicture> PictureLoader::take(std::size_t count) {
  std::vector<LoadedPicture> group;
  while (position_ < sources_.size() && group.size() < count) {
    const PictureSource& source = sources_[position_];
    if (source.done) {
      ++position_;
      continue;
    }
    LoadedPicture picture{source.name, std::nullopt, source.error, 0, position_};
    const bool another = source.error.empty() && source.name == kStandardInput && take_from_stream(picture);
    if (!another) ++position_;
    group.push_back(std::move(picture));
  }
  return group;
}

// The next of standard input's; whether it is followed by another.
bool PictureLoader::take_from_stream(LoadedPicture& picture) {
  if (!stream_) {
    if (auto first = take_standard_input(picture.name); !first) {
      picture.error = first.error().message;
      return false;
    }
    stream_.emplace(STDIN_FILENO);
  }
  auto bytes = stream_->next();
  const bool another = bytes && stream_->another_follows();
  if (another || number_ > 0) picture.number = ++number_;
  if (picture.number > 0) picture.name += '#' + std::to_string(picture.number);
  if (another) ++total_;
  if (bytes) {
    picture.bytes = *std::move(bytes);
  } else {
    picture.error = picture.name + ": " + bytes.error().message;
  }
  return another;
}

void PictureLoader::load(std::span<LoadedPicture> pictures) const {
  for (LoadedPicture& picture : pictures) {
    if (!picture.error.empty()) continue;
    const auto start = std::chrono::steady_clock::now();
    auto image = sources_[picture.place].name == kStandardInput
                     ? Image::decode(picture.bytes, options_.decode, picture.name)
                     : Image::open(picture.name, options_.decode);
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    picture.decode_milliseconds = elapsed.count();
    picture.bytes = {};
    if (!image) {
      picture.error = image.error().message;
      continue;
    }
    if (options_.orientation) image->set_orientation(*options_.orientation);
    picture.image = std::move(*image);
  }
}

}  // namespace mobilenet::cli
