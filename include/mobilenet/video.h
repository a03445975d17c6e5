// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures that move: frames of video files, streams and cameras, and video files to be written. An optional part of
// the library, the CMake target mobilenet::video. Files and streams need FFmpeg (libavformat, libavcodec, libswscale),
// and a build without says so; cameras are read through V4L2 of Linux.
//
//   auto reader = mobilenet::VideoReader::open("walk.mp4").value();
//   for (mobilenet::VideoFrame frame; reader.next(frame).value();) session.detect(frame.view());
//
// FFmpeg's messages about damaged files are kept from standard error, unless the application has set a log level.

#include <mobilenet/export.h>
#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mobilenet {

// The error of builds without FFmpeg, which says what to install.
MOBILENET_API Result<void> can_read_video();
// Whether a file of this name can be written: by its ending .mp4, .m4v, .mov, .mkv or .webm, and with the encoders that
// this machine's FFmpeg has.
MOBILENET_API Result<void> can_write_video(const std::filesystem::path& path);

// So many bytes of a file's head tell whether it is a video, or an animation: a GIF is one when it says that it
// repeats.
inline constexpr std::size_t kVideoHead = 1024;
MOBILENET_API bool is_video(std::span<const std::byte> head);

// The name of a source as it may be shown: "rtsp://user:***@host/" of an address with a password.
MOBILENET_API std::string without_password(const std::string& address);

struct VideoOptions {
  // Frames as packed RGB bytes, to be drawn on; otherwise as their decoder leaves them, where ImageView knows that.
  bool rgb = false;
  // Of a camera, as far as it has them; 0: as it is set.
  int width = 0, height = 0;
  double fps = 0;
  std::int64_t max_pixels = DecodeOptions{}.max_pixels;  // larger frames are refused; 0: no limit
  double timeout = 10;  // seconds that a camera, a stream or a pipe may be silent before it counts as lost
};

struct VideoInfo {
  std::string source;         // as it was named
  std::string format;         // "mov,mp4,m4a,3gp,3g2,mj2, h264", or what a camera gives: "camera, YUYV"
  int width = 0, height = 0;  // as a viewer sees them; frames may come to have others
  double fps = 0;             // on average; 0: unknown
  double seconds = 0;         // of the whole; 0: unknown
  std::int64_t frames = 0;    // of the whole, as the file says or by its length; 0: unknown
  double pixel_aspect = 1;    // width of a pixel by its height; frames are not stretched
  bool live = false;          // a camera or an address: it does not wait
};

// One frame, cheap to copy: copies share the pixels, which are there as long as one of them lives, after the reader's
// end, too. They may be released on any thread.
class MOBILENET_API VideoFrame {
 public:
  VideoFrame() = default;  // without pixels
  VideoFrame(std::shared_ptr<const void> pixels, const ImageView& view, std::int64_t number, double seconds);

  const ImageView& view() const;  // with the orientation that the file says
  std::int64_t number() const;    // 0, 1, ... of those that were read
  double seconds() const;         // since the first, increasing

 private:
  struct Shared;
  std::shared_ptr<const Shared> shared_;
};

// Where frames come from; behind VideoReader.
class FrameSource;

// For one thread, but for interrupt(). One that was moved from may only be destroyed or assigned to.
class MOBILENET_API VideoReader {
 public:
  // A file, the address of a stream ("rtsp://...", "http://..."), or a camera: "0", "/dev/video0". Files are read by
  // themselves: one that names others (a playlist) is refused.
  static Result<VideoReader> open(const std::string& source, const VideoOptions& options = {});
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  const VideoInfo& info() const;
  // Waits for the next frame; false at the end. What of a file is damaged is left out; an error means that nothing more
  // will come.
  Result<bool> next(VideoFrame& frame);
  // From any thread: the source ends now, also for a next() that waits.
  void interrupt();
  std::int64_t damaged() const;  // parts that were left out

 private:
  explicit VideoReader(std::unique_ptr<FrameSource> source);
  std::unique_ptr<FrameSource> source_;
};

struct Camera {
  std::string path;  // "/dev/video0"
  std::string name;  // as its driver calls it
};
// Those that this process may open.
MOBILENET_API Result<std::vector<Camera>> cameras();

struct VideoWriterOptions {
  int width = 0, height = 0;  // of all frames; odd ones gain a column or row, the last one again
  double fps = 0;             // on average, for the length of the last frame; 0: 25
};

// H.264, or MPEG-4 where the machine's FFmpeg has no encoder for it; VP9 in .webm. Every frame keeps its own time.
class MOBILENET_API VideoWriter {
 public:
  // Written under another name, beside it, until finish().
  static Result<VideoWriter> create(const std::filesystem::path& path, const VideoWriterOptions& options);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();  // without finish() nothing is left

  // Upright bytes: rgb, bgr, rgba or bgra. `seconds` since the first frame; one that is no later than the last becomes
  // as little later as the file can say.
  Result<void> write(const ImageView& frame, double seconds);
  // The file is complete, and replaces what had its name. A video without frames is refused.
  Result<void> finish();

 private:
  struct State;
  explicit VideoWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mobilenet
