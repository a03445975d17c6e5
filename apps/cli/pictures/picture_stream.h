// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures one after the other in the same bytes, as a pipe of video frames, or `cat *.jpg`, brings them.

#include <mobilenet/result.h>

#include <cstddef>
#include <span>
#include <vector>

namespace mobilenet::cli {

// Finds where the first picture ends and another begins, in bytes that grow at their end. What phones hang on
// (previews, depth maps, the second pictures that a JPEG's own index lists) is part of the first.
class PictureEnd {
 public:
  enum class Found { nothing_yet, another, none };  // none: all the rest is of the first, however much comes
  // `file` is what was seen before and more. Remembers how far it looked.
  Found look(std::span<const std::byte> file);
  std::size_t place() const { return at_; }  // where the other begins

 private:
  Found look_on(std::span<const std::byte> file);
  Found look_in_jpeg(std::span<const std::byte> file);
  Found look_in_png(std::span<const std::byte> file);

  std::size_t at_ = 0;
  bool ended_ = false;     // at_ is behind the first picture
  bool has_none_ = false;  // the answer is `none`
};

// The pictures of a file descriptor, each as soon as the next has begun.
class PictureStream {
 public:
  explicit PictureStream(int descriptor) : descriptor_(descriptor) {}

  // The bytes of the next; none at the end.
  Result<std::vector<std::byte>> next();
  // Whether the last that next() gave is followed by another.
  bool another_follows() const { return !rest_.empty(); }

 private:
  int descriptor_;
  std::vector<std::byte> rest_;  // the beginning of the next
};

}  // namespace mobilenet::cli
