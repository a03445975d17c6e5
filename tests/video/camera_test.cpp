// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Cameras, against a driver that the test plays.

#include "video/camera/camera.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "video/simulated_camera.h"

namespace mobilenet::testing {
namespace {

constexpr std::uint32_t kWidth = 6, kHeight = 4;

Result<std::unique_ptr<FrameSource>> open(SimulatedCamera& camera, const VideoOptions& options = {.timeout = 0.2}) {
  return open_camera("0", "/dev/video0", options, camera);
}

// A frame of one colour in the format, without padding.
SimulatedFrame frame_of(std::uint32_t fourcc, std::uint8_t luma, std::uint8_t cb, std::uint8_t cr,
                        std::size_t row = 0) {
  SimulatedFrame frame;
  const auto rows = [&](std::uint32_t count, const std::vector<std::uint8_t>& pattern, std::size_t bytes) {
    for (std::uint32_t y = 0; y < count; ++y) {
      std::vector<std::uint8_t> line;
      while (line.size() < bytes) line.push_back(pattern[line.size() % pattern.size()]);
      line.resize(std::max(row, bytes), 99);
      frame.bytes.insert(frame.bytes.end(), line.begin(), line.end());
    }
  };
  switch (fourcc) {
    case V4L2_PIX_FMT_NV12:
      rows(kHeight, {luma}, kWidth);
      rows(kHeight / 2, {cb, cr}, kWidth);
      break;
    case V4L2_PIX_FMT_YUYV:
      rows(kHeight, {luma, cb, luma, cr}, kWidth * 2);
      break;
    case V4L2_PIX_FMT_UYVY:
      rows(kHeight, {cb, luma, cr, luma}, kWidth * 2);
      break;
    case V4L2_PIX_FMT_GREY:
      rows(kHeight, {luma}, kWidth);
      break;
    default:
      rows(kHeight, {luma, cb, cr}, kWidth * 3);
  }
  return frame;
}

struct FormatCase {
  const char* name;
  std::uint32_t fourcc;
  PixelFormat as_given, as_rgb;
  std::array<int, 3> rgb;  // of luma 81, cb 90, cr 240 where it has them: BT.601's red
};
const FormatCase kCases[] = {
    {"NV12", V4L2_PIX_FMT_NV12, PixelFormat::nv12, PixelFormat::rgb, {254, 0, 0}},
    {"YUYV", V4L2_PIX_FMT_YUYV, PixelFormat::yuyv, PixelFormat::rgb, {254, 0, 0}},
    {"UYVY", V4L2_PIX_FMT_UYVY, PixelFormat::uyvy, PixelFormat::rgb, {254, 0, 0}},
    {"GREY", V4L2_PIX_FMT_GREY, PixelFormat::grey, PixelFormat::rgb, {81, 81, 81}},
    {"RGB24", V4L2_PIX_FMT_RGB24, PixelFormat::rgb, PixelFormat::rgb, {81, 90, 240}},
    {"BGR24", V4L2_PIX_FMT_BGR24, PixelFormat::bgr, PixelFormat::rgb, {240, 90, 81}},
};

TEST(Cameras, GiveFramesInTheirFormats) {
  for (const FormatCase& format : kCases) {
    SCOPED_TRACE(format.name);
    for (const std::size_t padding : {std::size_t{0}, std::size_t{10}}) {
      for (const bool rgb : {false, true}) {
        SimulatedCamera camera;
        camera.formats = {{format.fourcc, kWidth, kHeight, 30}};
        camera.padding = padding;
        for (int i = 0; i < 9; ++i)
          camera.frames.push_back(frame_of(
              format.fourcc, 81, 90, 240,
              padding + kWidth * (format.fourcc == V4L2_PIX_FMT_NV12 || format.fourcc == V4L2_PIX_FMT_GREY   ? 1
                                  : format.fourcc == V4L2_PIX_FMT_YUYV || format.fourcc == V4L2_PIX_FMT_UYVY ? 2
                                                                                                             : 3)));
        {
          auto source = open(camera, {.rgb = rgb, .timeout = 0.2}).value();
          EXPECT_EQ(source->info().format, std::string("camera, ") + format.name);
          EXPECT_EQ(source->info().width, static_cast<int>(kWidth));
          EXPECT_TRUE(source->info().live);
          for (int i = 0; i < 9; ++i) {
            VideoFrame frame;
            ASSERT_TRUE(source->next(frame).value());
            EXPECT_EQ(frame.number(), i);
            EXPECT_NEAR(frame.seconds(), 0.1 * i, 1e-6);
            const ImageView& view = frame.view();
            ASSERT_EQ(view.format, rgb ? format.as_rgb : format.as_given);
            if (view.format != PixelFormat::rgb) continue;
            for (int y = 0; y < view.height; ++y)
              for (int x = 0; x < view.width * 3; ++x)
                ASSERT_NEAR(static_cast<const std::uint8_t*>(view.planes[0])[y * view.row_bytes[0] + x],
                            format.rgb[static_cast<std::size_t>(x % 3)], 1);
          }
        }
        EXPECT_FALSE(camera.streaming);
        EXPECT_EQ(camera.opened, camera.closed);
        EXPECT_EQ(camera.mapped, camera.unmapped);
      }
    }
  }
}

TEST(Cameras, AreAskedForWhatIsWanted) {
  SimulatedCamera camera;
  camera.formats = {{V4L2_PIX_FMT_YUYV, 640, 480, 30},
                    {V4L2_PIX_FMT_YUYV, 1280, 720, 10},
                    {V4L2_PIX_FMT_MJPEG, 1280, 720, 30},
                    {V4L2_PIX_FMT_NV12, 320, 240, 60}};
  // As it is set.
  EXPECT_EQ(open(camera).value()->info().width, 640);
  EXPECT_EQ(camera.chosen.pixelformat, V4L2_PIX_FMT_YUYV);
  // Of two formats with that size the one that is fast enough.
  EXPECT_EQ(open(camera, {.width = 1280, .height = 720, .fps = 30}).value()->info().format, "camera, MJPG");
  EXPECT_EQ(camera.interval_asked, 30'000u);
  EXPECT_EQ(open(camera, {.width = 1280, .height = 720, .fps = 5}).value()->info().format, "camera, YUYV");
  camera.sizes_unknown = true;  // a driver that does not say how fast: what is least work
  EXPECT_EQ(open(camera, {.width = 1280, .height = 720}).value()->info().format, "camera, YUYV");
  EXPECT_EQ(open(camera, {.width = 320, .height = 240}).value()->info().format, "camera, NV12");
}

TEST(Cameras, DamagedFramesAreLeftOut) {
  SimulatedCamera camera;
  camera.formats = {{V4L2_PIX_FMT_YUYV, kWidth, kHeight, 30}};
  const SimulatedFrame good = frame_of(V4L2_PIX_FMT_YUYV, 81, 90, 240);
  SimulatedFrame flagged = good, shortened = good;
  flagged.error = true;
  shortened.bytes.resize(shortened.bytes.size() / 2);
  camera.frames = {good, flagged, shortened, {}, good};
  auto source = open(camera).value();
  VideoFrame frame;
  ASSERT_TRUE(source->next(frame).value());
  ASSERT_TRUE(source->next(frame).value());
  EXPECT_EQ(frame.number(), 1);
  EXPECT_NEAR(frame.seconds(), 0.4, 1e-6);
  EXPECT_EQ(source->damaged(), 3);
}

TEST(Cameras, JpegsThatAreNoneAreLeftOut) {
  SimulatedCamera camera;
  camera.formats = {{V4L2_PIX_FMT_MJPEG, kWidth, kHeight, 30}};
  camera.frames = {{{0xff, 0xd8, 1, 2, 3}, false}, {{9, 9, 9}, false}};
  auto source = open(camera).value();
  VideoFrame frame;
  const auto more = source->next(frame);
  ASSERT_FALSE(more);
  EXPECT_EQ(source->damaged(), 2);
}

TEST(Cameras, SayWhatIsWrong) {
  const auto message = [](SimulatedCamera& camera) {
    if (camera.formats.empty()) camera.formats = {{V4L2_PIX_FMT_YUYV, kWidth, kHeight, 30}};
    const auto source = open(camera);
    EXPECT_EQ(camera.opened, camera.closed);
    EXPECT_EQ(camera.mapped, camera.unmapped);
    return source ? std::string() : source.error().message;
  };
  struct Case {
    int open_error;
    const char* message;
  };
  for (const Case& c :
       {Case{ENOENT, "0: cannot open the camera: No such file or directory"},
        Case{EACCES, "0: cannot open the camera: this user may not (cameras are for the group `video`)"},
        Case{EBUSY, "0: cannot open the camera: another program uses it"}}) {
    SimulatedCamera camera;
    camera.open_error = c.open_error;
    EXPECT_EQ(message(camera), c.message);
  }
  SimulatedCamera busy, meta, odd, poor;
  busy.stream_error = EBUSY;
  EXPECT_EQ(message(busy), "0: cannot start the camera: another program uses it");
  meta.no_capture = true;
  EXPECT_EQ(message(meta), "0: is no camera that gives frames");
  odd.formats = {{V4L2_PIX_FMT_SBGGR8, kWidth, kHeight, 30}};
  EXPECT_EQ(message(odd), "0: the camera has none of the formats NV12, RGB24, BGR24, YUYV, UYVY, GREY, MJPG, JPEG");
  poor.buffer_count = 1;
  EXPECT_EQ(message(poor), "0: the camera has no memory for frames");
}

TEST(Cameras, AreUnpluggedOrFallSilent) {
  for (const bool unplugged : {true, false}) {
    SimulatedCamera camera;
    camera.formats = {{V4L2_PIX_FMT_YUYV, kWidth, kHeight, 30}};
    camera.frames = {frame_of(V4L2_PIX_FMT_YUYV, 81, 90, 240)};
    camera.unplugged_at_the_end = unplugged;
    auto source = open(camera, {.timeout = 0.05}).value();
    VideoFrame frame, held;
    ASSERT_TRUE(source->next(held).value());
    const auto more = source->next(frame);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().message, unplugged ? "0: the camera gives nothing any more: it is not connected any more"
                                              : "0: the camera gave nothing for 0.05 seconds");
    source.reset();
    EXPECT_NE(held.view().planes[0], nullptr);  // and its pixels are there
    EXPECT_EQ(static_cast<const std::uint8_t*>(held.view().planes[0])[0], 81);
  }
}

TEST(Cameras, AreInterrupted) {
  SimulatedCamera camera;
  camera.formats = {{V4L2_PIX_FMT_YUYV, kWidth, kHeight, 30}};
  auto source = open(camera, {.timeout = 3600}).value();
  std::thread other([&] { source->interrupt(); });
  VideoFrame frame;
  EXPECT_FALSE(source->next(frame).value());
  other.join();
}

TEST(Cameras, LargeFramesAreRefused) {
  SimulatedCamera camera;
  camera.formats = {{V4L2_PIX_FMT_YUYV, 640, 480, 30}};
  EXPECT_FALSE(open(camera, {.max_pixels = 640 * 480 - 1}));
}

TEST(Cameras, ListIsThatOfTheMachine) {
  const auto found = cameras();
  ASSERT_TRUE(found);
  for (const Camera& camera : *found) EXPECT_TRUE(camera.path.starts_with("/dev/video"));
}

}  // namespace
}  // namespace mobilenet::testing
