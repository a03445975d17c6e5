// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Decodes a list of pictures group by group, for verbs that compute in batches. A picture that cannot be decoded keeps
// its place with its error.

#include <mobilenet/image.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/picture_sources.h"

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
};

class PictureLoader {
 public:
  PictureLoader(std::vector<PictureSource> sources, const PictureOptions& options)
      : sources_(std::move(sources)), options_(options) {}

  std::size_t total() const { return sources_.size(); }
  // The next pictures in order: up to `batch` good ones and the bad ones before and among them; empty at the end.
  std::vector<LoadedPicture> next(std::size_t batch);

 private:
  LoadedPicture load(const PictureSource& source) const;

  std::vector<PictureSource> sources_;
  PictureOptions options_;
  std::size_t position_ = 0;
};

}  // namespace mobilenet::cli
