// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/live/frame_copy.h"

#include <cstdlib>
#include <cstring>
#include <string>

namespace mobilenet::cli {
namespace {

constexpr std::size_t kPixelBytes = 3;

std::size_t bytes_of_a_row(const ImageView& frame) { return kPixelBytes * static_cast<std::size_t>(frame.width); }

}  // namespace

Result<void> can_be_shown(const ImageView& frame) {
  const bool colours = frame.format == PixelFormat::rgb || frame.format == PixelFormat::bgr;
  if (!colours || frame.orientation != Orientation::upright || frame.memory != Memory::host)
    return Error{ErrorCode::invalid_argument, "a frame is shown as upright rgb or bgr pixels in the host's memory"};
  if (frame.planes[0] == nullptr || frame.width <= 0 || frame.height <= 0 ||
      static_cast<std::size_t>(std::abs(frame.row_bytes[0])) < bytes_of_a_row(frame)) {
    return Error{ErrorCode::invalid_argument, "a frame of " + std::to_string(frame.width) + "x" +
                                                  std::to_string(frame.height) + " pixels in rows of " +
                                                  std::to_string(frame.row_bytes[0]) + " bytes cannot be shown"};
  }
  return {};
}

void copy_rows(const ImageView& frame, std::byte* to, std::ptrdiff_t row_bytes) {
  const auto* const from = static_cast<const std::byte*>(frame.planes[0]);
  for (std::ptrdiff_t y = 0; y < frame.height; ++y)
    std::memcpy(to + y * row_bytes, from + y * frame.row_bytes[0], bytes_of_a_row(frame));
}

Result<void> FrameCopy::copy(const ImageView& frame) {
  if (auto possible = can_be_shown(frame); !possible) return possible;
  pixels_.resize(bytes_of_a_row(frame) * static_cast<std::size_t>(frame.height));
  format_ = frame.format;
  width_ = frame.width;
  height_ = frame.height;
  copy_rows(frame, pixels_.data(), static_cast<std::ptrdiff_t>(bytes_of_a_row(frame)));
  return {};
}

}  // namespace mobilenet::cli
