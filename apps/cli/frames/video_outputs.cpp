// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/frames/video_outputs.h"

#include <mobilenet/draw.h>

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

std::string name_for(const MovingSource& source) {
  if (!source.live) {
    const fs::path name = fs::path(source.name).filename();
    const std::string ending = lower_case(name.extension().string());
    return name.stem().string() + (ending == ".mkv" || ending == ".webm" ? ".mkv" : ".mp4");
  }
  if (source.name.find("://") != std::string::npos) return "stream.mp4";
  const std::string device = fs::path(source.name).filename().string();
  return (source.name == device ? "camera" + device : device) + ".mp4";
}

}  // namespace

Result<void> VideoOutputs::prepare(std::span<const MovingSource> sources, OutputFiles& files) {
  if (!wanted() || sources.empty()) return {};
  if (auto able = can_draw(); !able) return able;
  std::error_code error;
  const bool one_file =
      !output_.ends_with('/') && !fs::path(output_).extension().empty() && !fs::is_directory(output_, error);
  if (one_file) {
    if (auto able = can_write_video(output_); !able)
      return Error{able.error().code, able.error().message + ", or into a folder (end its name in /)"};
    if (sources.size() > 1)
      return Error{ErrorCode::invalid_argument, output_ + ": is one file, and " + counted(sources.size(), "video") +
                                                    " need a folder; end its name in /"};
  } else if (auto made = make_folder(output_); !made) {
    return made;
  }
  std::set<std::string> taken;  // in lower case: many disks do not tell them apart
  for (const MovingSource& source : sources) {
    fs::path path = output_;
    if (!one_file) {
      const fs::path name = name_for(source);
      std::string unique = name.string();
      for (int copy = 2; !taken.insert(lower_case(unique)).second; ++copy)
        unique = name.stem().string() + '_' + std::to_string(copy) + name.extension().string();
      path /= unique;
      if (auto able = can_write_video(path); !able) return able;
    }
    auto added = files.add(path, "the annotated " + source.name);
    if (!added) return added.error();
    destinations_.push_back(*std::move(added));
  }
  return {};
}

Result<PendingVideo> PendingVideo::create(const Destination& destination, const VideoWriterOptions& options) {
  auto file = PendingFile::create(destination);
  if (!file) return file.error();
  // Beside the pending file's own name, with which it goes if the program ends; its ending says what kind it is.
  fs::path path = file->path().string() + destination.path.extension().string();
  auto writer = VideoWriter::create(path, options);
  if (!writer) return writer.error();
  return PendingVideo(*std::move(file), std::move(path), *std::move(writer));
}

Result<void> PendingVideo::finish() {
  if (auto finished = writer_.finish(); !finished) return finished;
  std::error_code error;
  fs::rename(path_, file_.path(), error);
  if (error) return Error{ErrorCode::io, path_.string() + ": cannot rename it: " + error.message()};
  return file_.commit();
}

}  // namespace mobilenet::cli
