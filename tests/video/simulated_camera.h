// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A camera's driver (V4L2) as a program sees it: it has formats and sizes, takes wishes or changes them, fills buffers,
// and misbehaves as told.

#include <linux/videodev2.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "video/camera/camera_system.h"

namespace mobilenet::testing {

struct SimulatedFormat {
  std::uint32_t fourcc;
  std::uint32_t width, height;  // the only size
  std::uint32_t fps;            // the most
};

// What one frame is like.
struct SimulatedFrame {
  std::vector<std::uint8_t> bytes;
  bool error = false;  // flagged by the driver
};

class SimulatedCamera final : public CameraSystem {
 public:
  // What it has and gives.
  std::vector<SimulatedFormat> formats;
  std::deque<SimulatedFrame> frames;  // then it is silent
  bool unplugged_at_the_end = false;  // in place of silence
  int open_error = 0, stream_error = 0, buffer_count = 4;
  bool no_capture = false, sizes_unknown = false;
  std::size_t padding = 0;  // bytes after each row
  // What was done to it.
  int opened = 0, closed = 0, mapped = 0, unmapped = 0;
  bool streaming = false;
  v4l2_pix_format chosen{};
  std::uint32_t interval_asked = 0;

  int open(const char*) override {
    if (open_error != 0) return failed(open_error);
    ++opened;
    return 7;
  }
  int close(int) override {
    ++closed;
    return 0;
  }
  void* mmap(std::size_t bytes, int, off_t offset) override {
    ++mapped;
    return memory_.at(static_cast<std::size_t>(offset) / 4096).data() + 0 * bytes;
  }
  int munmap(void*, std::size_t) override {
    ++unmapped;
    return 0;
  }
  int poll(int, int) override {
    if (!frames.empty() || unplugged_at_the_end) return 1;
    return 0;
  }

  int ioctl(int, unsigned long request, void* argument) override {
    switch (request) {
      case VIDIOC_QUERYCAP: {
        auto& what = *static_cast<v4l2_capability*>(argument);
        std::strcpy(reinterpret_cast<char*>(what.card), "Simulated");
        what.capabilities = V4L2_CAP_DEVICE_CAPS;
        what.device_caps = no_capture ? V4L2_CAP_META_CAPTURE : V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
      }
      case VIDIOC_ENUM_FMT: {
        auto& description = *static_cast<v4l2_fmtdesc*>(argument);
        if (description.index >= formats.size()) return failed(EINVAL);
        description.pixelformat = formats[description.index].fourcc;
        return 0;
      }
      case VIDIOC_G_FMT:
        static_cast<v4l2_format*>(argument)->fmt.pix = described(formats.front());
        return 0;
      case VIDIOC_TRY_FMT:
      case VIDIOC_S_FMT: {
        auto& wish = static_cast<v4l2_format*>(argument)->fmt.pix;
        wish = described(nearest(wish));
        if (request == VIDIOC_S_FMT) chosen = wish;
        return 0;
      }
      case VIDIOC_ENUM_FRAMEINTERVALS: {
        auto& interval = *static_cast<v4l2_frmivalenum*>(argument);
        if (interval.index > 0 || sizes_unknown) return failed(EINVAL);
        for (const SimulatedFormat& format : formats) {
          if (format.fourcc != interval.pixel_format || format.width != interval.width) continue;
          interval.type = V4L2_FRMIVAL_TYPE_DISCRETE;
          interval.discrete = {1, format.fps};
          return 0;
        }
        return failed(EINVAL);
      }
      case VIDIOC_G_PARM: {
        auto& capture = static_cast<v4l2_streamparm*>(argument)->parm.capture;
        capture.capability = V4L2_CAP_TIMEPERFRAME;
        capture.timeperframe = {1, 30};
        return 0;
      }
      case VIDIOC_S_PARM:
        interval_asked = static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe.denominator;
        return 0;
      case VIDIOC_REQBUFS: {
        auto& wish = *static_cast<v4l2_requestbuffers*>(argument);
        wish.count = std::min(wish.count, static_cast<std::uint32_t>(buffer_count));
        memory_.assign(wish.count, std::vector<std::uint8_t>(chosen.sizeimage));
        return 0;
      }
      case VIDIOC_QUERYBUF: {
        auto& buffer = *static_cast<v4l2_buffer*>(argument);
        buffer.length = chosen.sizeimage;
        buffer.m.offset = buffer.index * 4096;
        return 0;
      }
      case VIDIOC_QBUF:
        queued_.push_back(static_cast<v4l2_buffer*>(argument)->index);
        return 0;
      case VIDIOC_DQBUF:
        return dequeue(*static_cast<v4l2_buffer*>(argument));
      case VIDIOC_STREAMON:
        if (stream_error != 0) return failed(stream_error);
        streaming = true;
        return 0;
      case VIDIOC_STREAMOFF:
        streaming = false;
        return 0;
      default:
        return failed(ENOTTY);
    }
  }

 private:
  static int failed(int code) {
    errno = code;
    return -1;
  }

  v4l2_pix_format described(const SimulatedFormat& format) const {
    v4l2_pix_format pix{};
    pix.width = format.width, pix.height = format.height, pix.pixelformat = format.fourcc;
    const auto row = [&](unsigned bytes) { return format.width * bytes + static_cast<unsigned>(padding); };
    switch (format.fourcc) {
      case V4L2_PIX_FMT_NV12:
        pix.bytesperline = row(1);
        pix.sizeimage = pix.bytesperline * (format.height + (format.height + 1) / 2);
        break;
      case V4L2_PIX_FMT_MJPEG:
        pix.sizeimage = 1 << 20;
        break;
      default:
        pix.bytesperline = row(format.fourcc == V4L2_PIX_FMT_GREY                                         ? 1
                               : format.fourcc == V4L2_PIX_FMT_YUYV || format.fourcc == V4L2_PIX_FMT_UYVY ? 2
                                                                                                          : 3);
        pix.sizeimage = pix.bytesperline * format.height;
    }
    return pix;
  }

  const SimulatedFormat& nearest(const v4l2_pix_format& wish) const {
    const SimulatedFormat* best = &formats.front();
    for (const SimulatedFormat& format : formats) {
      const auto score = [&](const SimulatedFormat& f) {
        return 2 * (f.fourcc == wish.pixelformat) + (f.width == wish.width && f.height == wish.height);
      };
      if (score(format) > score(*best)) best = &format;
    }
    return *best;
  }

  int dequeue(v4l2_buffer& buffer) {
    if (frames.empty()) return failed(unplugged_at_the_end ? ENODEV : EAGAIN);
    if (queued_.empty()) return failed(EAGAIN);
    const SimulatedFrame frame = frames.front();
    frames.pop_front();
    buffer.index = queued_.front();
    queued_.pop_front();
    std::copy_n(frame.bytes.begin(), std::min(frame.bytes.size(), memory_[buffer.index].size()),
                memory_[buffer.index].begin());
    buffer.bytesused = static_cast<std::uint32_t>(frame.bytes.size());
    buffer.flags = frame.error ? V4L2_BUF_FLAG_ERROR : 0;
    buffer.timestamp.tv_sec = 100 + given_ / 10;
    buffer.timestamp.tv_usec = given_ % 10 * 100'000;
    ++given_;
    return 0;
  }

  std::vector<std::vector<std::uint8_t>> memory_;
  std::deque<std::uint32_t> queued_;
  int given_ = 0;
};

}  // namespace mobilenet::testing
