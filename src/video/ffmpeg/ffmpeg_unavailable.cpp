// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/caught.h"
#include "base/error.h"
#include "video/ffmpeg/ffmpeg.h"

// Stands in for the decoder and the writer in builds without FFmpeg.

namespace mobilenet {

struct VideoWriter::State {};

Result<void> can_read_video() try {
  return failure(ErrorCode::unsupported,
                 "this build has no videos: it was made without FFmpeg (Debian: libavformat-dev, libavcodec-dev, "
                 "libavutil-dev, libswscale-dev)");
} catch (...) {
  return caught("videos");
}

Result<void> can_write_video(const std::filesystem::path&) { return can_read_video(); }

Result<std::unique_ptr<FrameSource>> open_decoder(const std::string& source, const VideoOptions&) {
  return at(source, can_read_video().error());
}

VideoWriter::VideoWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;
VideoWriter::~VideoWriter() = default;
Result<VideoWriter> VideoWriter::create(const std::filesystem::path&, const VideoWriterOptions&) {
  return can_read_video().error();
}
Result<void> VideoWriter::write(const ImageView&, double) { return can_read_video(); }
Result<void> VideoWriter::finish() { return can_read_video(); }

}  // namespace mobilenet
