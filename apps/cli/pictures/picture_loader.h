// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Decodes a list of pictures group by group, for verbs that compute in batches. A picture that cannot be decoded keeps
// its place with its error.

#include <mobilenet/image.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments/picture_sources.h"

namespace mobilenet::cli {

struct PictureOptions {
  std::optional<Orientation> orientation;  // instead of the files' own
  DecodeOptions decode;
};

struct LoadedPicture {
  std::string name;
  std::optional<Image> image;
  std::string error;  // of one sentence, when there is no image
  double decode_milliseconds = 0;
  std::size_t place = 0;  // in the list of sources

  // From now on a bad picture.
  void fail(std::string sentence) {
    error = std::move(sentence);
    image.reset();
  }
};

class PictureLoader {
 public:
  PictureLoader(std::span<const PictureSource> sources, const PictureOptions& options)
      : sources_(sources), options_(options) {}

  std::size_t total() const { return sources_.size(); }
  // The next pictures in order: up to `batch` good ones and the bad ones before and among them; empty at the end.
  std::vector<LoadedPicture> next(std::size_t batch);

 private:
  LoadedPicture load(std::size_t place) const;

  std::span<const PictureSource> sources_;  // the caller keeps them
  PictureOptions options_;
  std::size_t position_ = 0;
};

}  // namespace mobilenet::cli
