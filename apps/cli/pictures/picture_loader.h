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
#include "cli/pictures/picture_stream.h"

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
  std::size_t place = 0;              // in the list of sources
  std::size_t number = 0;             // from 1, of one of several that standard input brings
  std::vector<std::byte> bytes = {};  // of a picture from standard input, until it is decoded

  // From now on a bad picture.
  void fail(std::string sentence) {
    error = std::move(sentence);
    image.reset();
  }
};

class PictureLoader {
 public:
  PictureLoader(std::span<const PictureSource> sources, const PictureOptions& options);

  // Of the list without those that are done, and what standard input has brought beyond the one that is there.
  std::size_t total() const { return total_; }
  // The next pictures in order, up to `count`, not decoded; empty at the end. Waits for standard input.
  std::vector<LoadedPicture> take(std::size_t count);
  // Decodes them, on any thread; each becomes a good or a bad one.
  void load(std::span<LoadedPicture> pictures) const;

 private:
  bool take_from_stream(LoadedPicture& picture);

  std::span<const PictureSource> sources_;  // the caller keeps them
  PictureOptions options_;
  std::size_t position_ = 0;
  std::optional<PictureStream> stream_;
  std::size_t number_ = 0;  // of pictures that it gave
  std::size_t total_ = 0;
};

}  // namespace mobilenet::cli
