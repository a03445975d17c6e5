// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Annotated videos: where that of each source goes, and a file that appears when its last frame is in it.

#include <mobilenet/image.h>
#include <mobilenet/result.h>
#include <mobilenet/video.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments/picture_sources.h"
#include "cli/output/output_files.h"

namespace mobilenet::cli {

class VideoOutputs {
 public:
  // `output` is the name of a video file or a folder; empty: nothing is written.
  explicit VideoOutputs(std::string output) : output_(std::move(output)) {}

  bool wanted() const { return !output_.empty(); }
  // Makes the folder and adds a file for each source: its own name, as .mp4 but for Matroska's .mkv and .webm, which
  // become .mkv; "camera0.mp4" and "stream.mp4" for those without a name. Fails when this build cannot draw or write
  // videos, or when several would go into one file.
  Result<void> prepare(std::span<const MovingSource> sources, OutputFiles& files);
  const Destination& at(std::size_t place) const { return destinations_[place]; }

 private:
  std::string output_;
  std::vector<Destination> destinations_;
};

// One video on its way to the disk.
class PendingVideo {
 public:
  static Result<PendingVideo> create(const Destination& destination, const VideoWriterOptions& options);

  // Upright, of the size that the options say, `seconds` after the first.
  Result<void> write(const ImageView& frame, double seconds) { return writer_.write(frame, seconds); }
  // The file gets its name. Without it nothing is left.
  Result<void> finish();

 private:
  PendingVideo(PendingFile file, std::filesystem::path path, VideoWriter writer)
      : file_(std::move(file)), path_(std::move(path)), writer_(std::move(writer)) {}

  PendingFile file_;
  std::filesystem::path path_;  // where it is written: the pending file's name with the destination's ending
  VideoWriter writer_;
};

}  // namespace mobilenet::cli
