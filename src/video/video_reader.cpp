// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/video.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "video/camera/camera.h"
#include "video/ffmpeg/ffmpeg.h"
#include "video/frame_source.h"

namespace mobilenet {
namespace {

// "0" is /dev/video0, where no file has that name.
std::string device_of(const std::string& source) {
  std::error_code ignored;
  const bool number = !source.empty() && source.size() <= 3 &&
                      source.find_first_not_of("0123456789") == std::string::npos &&
                      !std::filesystem::exists(std::filesystem::symlink_status(source, ignored));
  return number ? "/dev/video" + source : source;
}

Result<void> check(const VideoOptions& options) {
  if ((options.width > 0) != (options.height > 0) || options.width < 0 || options.height < 0)
    return failure(ErrorCode::invalid_argument, "a camera's width and height are both given or neither, not ",
                   options.width, 'x', options.height);
  if (!(options.fps >= 0 && options.fps <= 10'000))
    return failure(ErrorCode::invalid_argument, "a camera does not give ", options.fps, " frames a second");
  if (!(options.timeout > 0 && options.timeout <= 86'400))
    return failure(ErrorCode::invalid_argument, "the timeout is ", options.timeout,
                   " seconds, not above 0 and up to a day");
  if (options.max_pixels < 0)
    return failure(ErrorCode::invalid_argument, "max_pixels is ", options.max_pixels, ", and 0 is no limit");
  return {};
}

}  // namespace

Result<VideoReader> VideoReader::open(const std::string& source, const VideoOptions& options) try {
  MOBILENET_CHECK(check(options));
  const std::string device = device_of(source);
  if (device.starts_with("/dev/video")) {
    MOBILENET_TRY(auto camera, open_camera(source, device, options));
    return VideoReader(std::move(camera));
  }
  MOBILENET_TRY(auto decoder, open_decoder(source, options));
  return VideoReader(std::move(decoder));
} catch (...) {
  return caught(source);
}

std::string without_password(const std::string& address) {
  const std::size_t begin = address.find("://");
  if (begin == std::string::npos) return address;
  const std::size_t end = address.find_first_of("/?#", begin + 3), at = address.rfind('@', end);
  const std::size_t colon = address.find(':', begin + 3);
  if (at == std::string::npos || at < begin + 3 || colon == std::string::npos || colon > at) return address;
  return address.substr(0, colon + 1) + "***" + address.substr(at);
}

struct VideoFrame::Shared {
  std::shared_ptr<const void> pixels;
  ImageView view;
  std::int64_t number = 0;
  double seconds = 0;
};

VideoFrame::VideoFrame(std::shared_ptr<const void> pixels, const ImageView& view, std::int64_t number, double seconds)
    : shared_(std::make_shared<Shared>(Shared{std::move(pixels), view, number, seconds})) {}

const ImageView& VideoFrame::view() const {
  static const ImageView nothing;
  return shared_ ? shared_->view : nothing;
}
std::int64_t VideoFrame::number() const { return shared_ ? shared_->number : 0; }
double VideoFrame::seconds() const { return shared_ ? shared_->seconds : 0; }

VideoReader::VideoReader(std::unique_ptr<FrameSource> source) : source_(std::move(source)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

const VideoInfo& VideoReader::info() const { return source_->info(); }
void VideoReader::interrupt() { source_->interrupt(); }
std::int64_t VideoReader::damaged() const { return source_->damaged(); }

Result<bool> VideoReader::next(VideoFrame& frame) try {
  frame = {};  // its memory may serve the next
  return source_->next(frame);
} catch (...) {
  return caught(source_->info().source);
}

}  // namespace mobilenet
