// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "video/camera/camera.h"

#include <linux/videodev2.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "video/camera/camera_pixels.h"

namespace mobilenet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kBuffers = 4;       // one is filled, one waits, two are on their way
constexpr int kPollMilliseconds = 50;  // how late an interrupt() may be noticed

std::string why(int code) {
  switch (code) {
    case EBUSY:
      return "another program uses it";
    case ENODEV:
    case ENXIO:
      return "it is not connected any more";
    case EACCES:
      return "this user may not (cameras are for the group `video`)";
    default:
      return std::strerror(code);
  }
}

Error refused(const std::string& source, std::string_view what, int code) {
  return failure(code == ENOENT ? ErrorCode::not_found : ErrorCode::io, source, ": ", what, ": ", why(code));
}

// An open device, closed at the end.
class Device {
 public:
  Device(CameraSystem& system, const char* path) : system_(system), number_(system.open(path)) {}
  ~Device() {
    if (number_ >= 0) system_.close(number_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  // Again where a signal came between.
  int ask(unsigned long request, void* argument) const {
    int result = 0;
    do {
      result = system_.ioctl(number_, request, argument);
    } while (result < 0 && errno == EINTR);
    return result;
  }

 private:
  CameraSystem& system_;
  int number_;
};

// The driver's buffers, where this process sees them.
class Buffers {
 public:
  explicit Buffers(CameraSystem& system) : system_(system) {}
  ~Buffers() {
    for (const std::span<std::byte> buffer : all_) system_.munmap(buffer.data(), buffer.size());
  }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  bool map(int device, std::size_t bytes, off_t offset) {
    void* const memory = system_.mmap(bytes, device, offset);
    if (memory == MAP_FAILED) return false;
    all_.emplace_back(static_cast<std::byte*>(memory), bytes);
    return true;
  }
  std::size_t count() const { return all_.size(); }
  std::span<const std::byte> at(std::size_t place) const { return all_[place]; }

 private:
  CameraSystem& system_;
  std::vector<std::span<std::byte>> all_;
};

v4l2_buffer capture_buffer(unsigned index = 0) {
  v4l2_buffer buffer{};
  buffer.index = index;
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  return buffer;
}

bool is_capture(const v4l2_capability& what) {
  const auto can = (what.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? what.device_caps : what.capabilities;
  return (can & V4L2_CAP_VIDEO_CAPTURE) != 0 && (can & V4L2_CAP_STREAMING) != 0;
}

class V4l2Camera final : public FrameSource {
 public:
  V4l2Camera(CameraSystem& system, const std::string& path, const VideoOptions& options)
      : system_(system), options_(options), device_(system, path.c_str()), buffers_(system) {}
  ~V4l2Camera() override {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (streaming_) device_.ask(VIDIOC_STREAMOFF, &type);
  }

  Result<void> open(const std::string& source) {
    info_.source = source;
    info_.live = true;
    if (!device_.is_open()) return refused(source, "cannot open the camera", errno);
    v4l2_capability what{};
    if (device_.ask(VIDIOC_QUERYCAP, &what) < 0 || !is_capture(what))
      return failure(ErrorCode::unsupported, source, ": is no camera that gives frames");
    MOBILENET_CHECK(choose());
    MOBILENET_CHECK(start());
    return {};
  }

  Result<bool> next(VideoFrame& frame) override {
    const auto deadline =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.timeout));
    while (!interrupted_) {
      const int ready = system_.poll(device_.number(), kPollMilliseconds);
      if (ready < 0 && errno != EINTR) return refused(info_.source, "the camera gives nothing any more", errno);
      if (ready <= 0) {
        if (Clock::now() < deadline) continue;
        return failure(ErrorCode::io, info_.source, ": the camera gave nothing for ", options_.timeout, " seconds");
      }
      v4l2_buffer buffer = capture_buffer();
      if (device_.ask(VIDIOC_DQBUF, &buffer) < 0) {
        // EIO: something was lost on the way, and the next may be good.
        if ((errno == EAGAIN || errno == EIO) && Clock::now() < deadline) continue;
        return refused(info_.source, "the camera gives nothing any more", errno);
      }
      MOBILENET_TRY(const bool good, take(buffer, frame));
      if (good) return true;
      if (Clock::now() > deadline)
        return failure(ErrorCode::io, info_.source, ": the camera gave no whole frame for ", options_.timeout,
                       " seconds");
    }
    return false;
  }

 private:
  std::vector<CameraFormat> offered() const {
    std::vector<std::uint32_t> given;
    v4l2_fmtdesc description{};
    description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    for (; description.index < 256 && device_.ask(VIDIOC_ENUM_FMT, &description) == 0; ++description.index)
      given.push_back(description.pixelformat);
    std::vector<CameraFormat> known;
    for (const CameraFormat& format : camera_formats())
      if (std::find(given.begin(), given.end(), format.fourcc) != given.end()) known.push_back(format);
    return known;
  }

  // The most frames a second of a format and size; 0: the driver does not say.
  double most_frames(std::uint32_t fourcc, std::uint32_t width, std::uint32_t height) const {
    double most = 0;
    v4l2_frmivalenum interval{};
    interval.pixel_format = fourcc;
    interval.width = width, interval.height = height;
    for (; interval.index < 256 && device_.ask(VIDIOC_ENUM_FRAMEINTERVALS, &interval) == 0; ++interval.index) {
      const v4l2_fract& shortest =
          interval.type == V4L2_FRMIVAL_TYPE_DISCRETE ? interval.discrete : interval.stepwise.min;
      if (shortest.numerator > 0) most = std::max(most, double{1} * shortest.denominator / shortest.numerator);
      if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) break;
    }
    return most;
  }

  // The format that comes closest to the wishes: size first, then frames a second, then what is least work. USB cameras
  // give large frames fast only when they are compressed.
  Result<void> choose() {
    v4l2_format current{};
    current.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (device_.ask(VIDIOC_G_FMT, &current) < 0)
      return refused(info_.source, "the camera does not say its format", errno);
    const auto width = static_cast<std::uint32_t>(options_.width > 0 ? options_.width : current.fmt.pix.width);
    const auto height = static_cast<std::uint32_t>(options_.height > 0 ? options_.height : current.fmt.pix.height);
    const double wanted = options_.fps > 0 ? options_.fps : 15;  // fewer look like a slide show
    struct Choice {
      bool size = false, fast = false;
      v4l2_format format;
      const char* name;
    };
    std::optional<Choice> best;
    for (const CameraFormat& format : offered()) {
      v4l2_format wish = current;
      wish.fmt.pix.width = width, wish.fmt.pix.height = height;
      wish.fmt.pix.pixelformat = format.fourcc;
      wish.fmt.pix.field = V4L2_FIELD_NONE;
      wish.fmt.pix.bytesperline = wish.fmt.pix.sizeimage = 0;
      v4l2_format answer = wish;
      if (device_.ask(VIDIOC_TRY_FMT, &answer) < 0 || answer.fmt.pix.pixelformat != format.fourcc) continue;
      const double most = most_frames(format.fourcc, answer.fmt.pix.width, answer.fmt.pix.height);
      const Choice choice{answer.fmt.pix.width == width && answer.fmt.pix.height == height,
                          most == 0 || most >= wanted * 0.99, wish, format.name};
      if (!best || std::pair(choice.size, choice.fast) > std::pair(best->size, best->fast)) best = choice;
    }
    if (!best) {
      std::string names;
      for (const CameraFormat& format : camera_formats())
        names += names.empty() ? format.name : ", " + std::string(format.name);
      return failure(ErrorCode::unsupported, info_.source, ": the camera has none of the formats ", names);
    }
    v4l2_format& format = best->format;
    if (device_.ask(VIDIOC_S_FMT, &format) < 0)
      return refused(info_.source, "the camera does not take its format", errno);
    return accept(format.fmt.pix, best->name);
  }

  // What the driver made of the wish.
  Result<void> accept(const v4l2_pix_format& given, const char* name) {
    if (given.width < 1 || given.height < 1 || given.width > 65'535 || given.height > 65'535)
      return failure(ErrorCode::unsupported, info_.source, ": the camera says that its frames have ", given.width, 'x',
                     given.height, " pixels");
    if (options_.max_pixels > 0 && std::int64_t{given.width} * given.height > options_.max_pixels)
      return failure(ErrorCode::invalid_argument, info_.source, ": the camera's frames have ", given.width, 'x',
                     given.height, " pixels, and at most ", options_.max_pixels, " are allowed");
    layout_.fourcc = given.pixelformat;
    layout_.width = static_cast<int>(given.width), layout_.height = static_cast<int>(given.height);
    layout_.row_bytes = given.bytesperline;
    const bool bt709 = given.ycbcr_enc == V4L2_YCBCR_ENC_709 ||
                       (given.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT && given.colorspace == V4L2_COLORSPACE_REC709);
    const bool bt2020 = given.ycbcr_enc == V4L2_YCBCR_ENC_BT2020 ||
                        (given.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT && given.colorspace == V4L2_COLORSPACE_BT2020);
    layout_.matrix = bt2020 ? ColourMatrix::bt2020 : bt709 ? ColourMatrix::bt709 : ColourMatrix::bt601;
    const bool full = given.quantization == V4L2_QUANTIZATION_FULL_RANGE ||
                      (given.quantization == V4L2_QUANTIZATION_DEFAULT && given.colorspace == V4L2_COLORSPACE_JPEG);
    layout_.range = full ? ColourRange::full : ColourRange::limited;
    info_.format = std::string("camera, ") + name;
    info_.width = layout_.width, info_.height = layout_.height;
    v4l2_streamparm rate{};
    rate.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (options_.fps > 0 && device_.ask(VIDIOC_G_PARM, &rate) == 0 &&
        (rate.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) != 0) {
      rate.parm.capture.timeperframe = {1000, static_cast<std::uint32_t>(options_.fps * 1000)};
      device_.ask(VIDIOC_S_PARM, &rate);  // as near as it can
    }
    if (device_.ask(VIDIOC_G_PARM, &rate) == 0 && rate.parm.capture.timeperframe.numerator > 0)
      info_.fps = double{1} * rate.parm.capture.timeperframe.denominator / rate.parm.capture.timeperframe.numerator;
    return {};
  }

  Result<void> start() {
    v4l2_requestbuffers request{};
    request.count = kBuffers;
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    if (device_.ask(VIDIOC_REQBUFS, &request) < 0) return refused(info_.source, "cannot start the camera", errno);
    if (request.count < 2) return failure(ErrorCode::io, info_.source, ": the camera has no memory for frames");
    for (unsigned i = 0; i < request.count; ++i) {
      v4l2_buffer buffer = capture_buffer(i);
      if (device_.ask(VIDIOC_QUERYBUF, &buffer) < 0 ||
          !buffers_.map(device_.number(), buffer.length, static_cast<off_t>(buffer.m.offset)) ||
          device_.ask(VIDIOC_QBUF, &buffer) < 0)
        return refused(info_.source, "cannot use the camera's memory", errno);
    }
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (device_.ask(VIDIOC_STREAMON, &type) < 0) return refused(info_.source, "cannot start the camera", errno);
    streaming_ = true;
    return {};
  }

  // False: the frame is damaged. The buffer goes back to the driver in any case.
  Result<bool> take(v4l2_buffer& buffer, VideoFrame& frame) {
    Result<CameraPixels> pixels = failure(ErrorCode::bad_format, "a damaged frame");
    if (buffer.index < buffers_.count() && (buffer.flags & V4L2_BUF_FLAG_ERROR) == 0) {
      const std::span<const std::byte> whole = buffers_.at(buffer.index);
      pixels =
          copy_pixels(whole.first(std::min<std::size_t>(buffer.bytesused, whole.size())), layout_, options_.rgb, pool_);
    }
    const double time =
        static_cast<double>(buffer.timestamp.tv_sec) + static_cast<double>(buffer.timestamp.tv_usec) * 1e-6;
    if (device_.ask(VIDIOC_QBUF, &buffer) < 0) return refused(info_.source, "the camera gives nothing any more", errno);
    if (!pixels) {
      if (pixels.error().code != ErrorCode::bad_format) return at(info_.source, pixels.error());
      ++damaged_;
      return false;
    }
    if (frames_ == 0) first_time_ = time;
    double seconds = time - first_time_;
    if (frames_ > 0 && !(seconds > last_seconds_)) seconds = last_seconds_ + 1e-6;
    last_seconds_ = seconds;
    frame = VideoFrame(std::move(pixels->owner), pixels->view, frames_++, seconds);
    return true;
  }

  CameraSystem& system_;
  VideoOptions options_;
  Device device_;
  Buffers buffers_;
  PixelPool pool_;
  CameraLayout layout_;
  bool streaming_ = false;
  double first_time_ = 0, last_seconds_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_camera(const std::string& source, const std::string& device,
                                                 const VideoOptions& options, CameraSystem& system) {
  auto camera = std::make_unique<V4l2Camera>(system, device, options);
  MOBILENET_CHECK(camera->open(source));
  return std::unique_ptr<FrameSource>(std::move(camera));
}

Result<std::vector<Camera>> cameras() try {
  std::vector<Camera> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/dev", error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!path.starts_with("/dev/video")) continue;
    const Device device(CameraSystem::real(), path.c_str());
    v4l2_capability what{};
    if (!device.is_open() || device.ask(VIDIOC_QUERYCAP, &what) < 0 || !is_capture(what)) continue;
    const auto* const name = reinterpret_cast<const char*>(what.card);
    found.push_back({path, std::string(name, strnlen(name, sizeof(what.card)))});
  }
  std::sort(found.begin(), found.end(), [](const Camera& a, const Camera& b) {
    return std::pair(a.path.size(), a.path) < std::pair(b.path.size(), b.path);  // video2 before video10
  });
  return found;
} catch (...) {
  return caught("/dev");
}

}  // namespace mobilenet
