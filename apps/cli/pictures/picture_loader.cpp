// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/picture_loader.h"

#include <chrono>

#include "cli/output/files.h"
#include "cli/output/output.h"
#include "cli/pictures/picture_stream.h"

namespace mobilenet::cli {
namespace {

Result<Image> decode(const std::string& name, const DecodeOptions& options) {
  if (name != kStandardInput) return Image::open(name, options);
  auto bytes = read_standard_input(name);
  if (!bytes) return bytes.error();
  auto image = Image::decode(*bytes, options, name);
  if (image && holds_another_picture(*bytes))
    note("standard input holds more than one picture; the first is answered, the others are not");
  return image;
}

}  // namespace

std::vector<LoadedPicture> PictureLoader::next(std::size_t batch) {
  std::vector<LoadedPicture> group;
  std::size_t good = 0;
  while (position_ < sources_.size() && good < batch) {
    group.push_back(load(position_++));
    if (group.back().image) ++good;
    // A bad picture that nobody waits for is reported at once.
    if (good == 0) break;
  }
  return group;
}

LoadedPicture PictureLoader::load(std::size_t place) const {
  const PictureSource& source = sources_[place];
  LoadedPicture picture{source.name, std::nullopt, source.error, 0, place};
  if (!source.error.empty()) return picture;
  const auto start = std::chrono::steady_clock::now();
  auto image = decode(source.name, options_.decode);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  picture.decode_milliseconds = elapsed.count();
  if (!image) {
    picture.error = image.error().message;
    return picture;
  }
  if (options_.orientation) image->set_orientation(*options_.orientation);
  picture.image = std::move(*image);
  return picture;
}

}  // namespace mobilenet::cli
