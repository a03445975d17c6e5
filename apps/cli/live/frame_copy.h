// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A frame that outlives the call that showed it, in memory that the next frame of its size takes over.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <vector>

namespace mobilenet::cli {

// What a view can show: upright pixels of the host, rgb or bgr. The sentence says what else it is.
Result<void> can_be_shown(const ImageView& frame);

// Row by row, into rows of so many bytes.
void copy_rows(const ImageView& frame, std::byte* to, std::ptrdiff_t row_bytes);

class FrameCopy {
 public:
  Result<void> copy(const ImageView& frame);
  ImageView view() const { return ImageView::packed(pixels_.data(), format_, width_, height_); }

 private:
  std::vector<std::byte> pixels_;
  PixelFormat format_ = PixelFormat::rgb;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace mobilenet::cli
