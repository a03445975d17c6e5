// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Frames of other libraries as pictures: each format with the pixels that it shows.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#ifdef MOBILENET_WITH_FFMPEG
#include <mobilenet/adapters/ffmpeg.h>
#endif
#ifdef MOBILENET_TEST_OPENCV
#include <mobilenet/adapters/opencv.h>
#endif
#ifdef MOBILENET_TEST_GSTREAMER
#include <mobilenet/adapters/gstreamer.h>
#endif

#include <array>
#include <cstring>
#include <memory>
#include <vector>

namespace mobilenet::testing {
namespace {

// The colour of the upper left pixel.
[[maybe_unused]] std::array<int, 3> corner(const ImageView& view) {
  Image image = Image::upright(view).value();
  const auto pixels = image.pixels();
  return {std::to_integer<int>(pixels[0]), std::to_integer<int>(pixels[1]), std::to_integer<int>(pixels[2])};
}

#ifdef MOBILENET_WITH_FFMPEG
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
using Frame = std::unique_ptr<AVFrame, FreeFrame>;

Frame frame_of(AVPixelFormat format) {
  Frame frame(av_frame_alloc());
  frame->format = format, frame->width = 8, frame->height = 6;
  EXPECT_EQ(av_frame_get_buffer(frame.get(), 0), 0);
  return frame;
}

TEST(FfmpegAdapter, FramesOfEveryFormat) {
  struct Case {
    AVPixelFormat format;
    std::vector<std::vector<std::uint8_t>> planes;  // of each, the bytes that repeat
    std::array<int, 3> rgb;
  };
  // Luma 81, Cb 90, Cr 240 are BT.601's red.
  for (const Case& c :
       {Case{AV_PIX_FMT_RGB24, {{10, 20, 30}}, {10, 20, 30}}, Case{AV_PIX_FMT_BGR24, {{10, 20, 30}}, {30, 20, 10}},
        Case{AV_PIX_FMT_RGBA, {{10, 20, 30, 9}}, {10, 20, 30}}, Case{AV_PIX_FMT_BGRA, {{10, 20, 30, 9}}, {30, 20, 10}},
        Case{AV_PIX_FMT_GRAY8, {{77}}, {77, 77, 77}}, Case{AV_PIX_FMT_NV12, {{81}, {90, 240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_NV21, {{81}, {240, 90}}, {254, 0, 0}},
        Case{AV_PIX_FMT_YUV420P, {{81}, {90}, {240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_NV16, {{81}, {90, 240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_YUV422P, {{81}, {90}, {240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_YUV444P, {{81}, {90}, {240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_YUYV422, {{81, 90, 81, 240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_UYVY422, {{90, 81, 240, 81}}, {254, 0, 0}},
        Case{AV_PIX_FMT_P010LE, {{64, 81}, {0, 90, 0, 240}}, {254, 0, 0}},
        Case{AV_PIX_FMT_RGB565LE, {{0x00, 0xf8}}, {255, 0, 0}}}) {
    SCOPED_TRACE(av_get_pix_fmt_name(c.format));
    const Frame frame = frame_of(c.format);
    for (std::size_t plane = 0; plane < c.planes.size(); ++plane)
      for (int y = 0; y < (plane > 0 && av_pix_fmt_desc_get(c.format)->log2_chroma_h > 0 ? 3 : 6); ++y)
        for (int x = 0; x < frame->linesize[plane]; ++x)
          frame->data[plane][y * frame->linesize[plane] + x] =
              c.planes[plane][static_cast<std::size_t>(x) % c.planes[plane].size()];
    const auto view = view_of(*frame, Orientation::rotate_90);
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->orientation, Orientation::rotate_90);
    const std::array<int, 3> got = corner(*view);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[i], c.rgb[i], 1);
  }
}

TEST(FfmpegAdapter, ColoursAreWhatTheFrameSays) {
  const Frame frame = frame_of(AV_PIX_FMT_NV12);
  EXPECT_EQ(view_of(*frame)->matrix, ColourMatrix::bt601);
  EXPECT_EQ(view_of(*frame)->range, ColourRange::limited);
  frame->colorspace = AVCOL_SPC_BT709;
  frame->color_range = AVCOL_RANGE_JPEG;
  EXPECT_EQ(view_of(*frame)->matrix, ColourMatrix::bt709);
  EXPECT_EQ(view_of(*frame)->range, ColourRange::full);
  frame->colorspace = AVCOL_SPC_BT2020_NCL;
  EXPECT_EQ(view_of(*frame)->matrix, ColourMatrix::bt2020);
  for (const AVPixelFormat full : {AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P})
    EXPECT_EQ(view_of(*frame_of(full))->range, ColourRange::full);
  EXPECT_EQ(view_of(*frame_of(AV_PIX_FMT_YUV422P))->range, ColourRange::limited);
  EXPECT_EQ(view_of(*frame_of(AV_PIX_FMT_YUV411P)).error().message,
            "frames of yuv411p are not read as they are; libswscale converts them");
}
#else
TEST(FfmpegAdapter, IsNotTested) { GTEST_SKIP() << "this build has no FFmpeg"; }
#endif

#ifdef MOBILENET_TEST_OPENCV
TEST(OpencvAdapter, MatricesOfBytes) {
  cv::Mat bgr(6, 8, CV_8UC3, cv::Scalar(10, 20, 30));
  EXPECT_EQ(corner(view_of(bgr).value()), (std::array{30, 20, 10}));
  EXPECT_EQ(corner(view_of(bgr, true).value()), (std::array{10, 20, 30}));
  EXPECT_EQ(corner(view_of(cv::Mat(6, 8, CV_8UC4, cv::Scalar(10, 20, 30, 40))).value()), (std::array{30, 20, 10}));
  EXPECT_EQ(corner(view_of(cv::Mat(6, 8, CV_8UC1, cv::Scalar(70))).value()), (std::array{70, 70, 70}));
  // A part of a matrix has the rows of the whole.
  const cv::Mat part = bgr(cv::Rect(2, 1, 3, 4));
  EXPECT_EQ(view_of(part)->row_bytes[0], 24);
  EXPECT_EQ(view_of(part)->width, 3);
  EXPECT_EQ(view_of(part, false, Orientation::rotate_90)->upright_width(), 4);
  EXPECT_EQ(buffer_of(bgr)->format, PixelFormat::bgr);
  cv::Mat grey(6, 8, CV_8UC1);
  EXPECT_FALSE(buffer_of(grey));
  EXPECT_FALSE(view_of(cv::Mat(6, 8, CV_32FC3)));
  EXPECT_FALSE(view_of(cv::Mat(6, 8, CV_8UC2)));
  EXPECT_FALSE(view_of(cv::Mat()));
}
#else
TEST(OpencvAdapter, IsNotTested) { GTEST_SKIP() << "OpenCV's headers are not installed (Debian: libopencv-core-dev)"; }
#endif

#ifdef MOBILENET_TEST_GSTREAMER
TEST(GstreamerAdapter, MappedFrames) {
  gst_init(nullptr, nullptr);
  for (const auto& [format, rgb] : {std::pair{GST_VIDEO_FORMAT_RGB, std::array{1, 1, 1}},
                                    {GST_VIDEO_FORMAT_I420, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_YV12, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_NV12, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_NV16, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_Y42B, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_Y444, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_YUY2, {1, 1, 1}},
                                    {GST_VIDEO_FORMAT_BGRx, {1, 1, 1}}}) {
    SCOPED_TRACE(gst_video_format_to_string(format));
    GstVideoInfo info;
    gst_video_info_set_format(&info, format, 8, 6);
    GstBuffer* const buffer = gst_buffer_new_allocate(nullptr, info.size, nullptr);
    gst_buffer_memset(buffer, 0, format == GST_VIDEO_FORMAT_RGB || format == GST_VIDEO_FORMAT_BGRx ? 1 : 128,
                      info.size);
    GstVideoFrame frame;
    ASSERT_TRUE(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
    const auto view = view_of(frame);
    ASSERT_TRUE(view) << view.error().message;
    const std::array<int, 3> got = corner(*view);
    EXPECT_EQ(got[0], got[1]);
    EXPECT_EQ(got[1], got[2]);
    EXPECT_GT(got[0], 0);
    if (format == GST_VIDEO_FORMAT_YV12) {
      EXPECT_EQ(view->planes[1], GST_VIDEO_FRAME_PLANE_DATA(&frame, 2));
    }
    gst_video_frame_unmap(&frame);
    gst_buffer_unref(buffer);
  }
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_Y41B, 8, 6);
  GstVideoFrame frame{};
  frame.info = info;
  EXPECT_EQ(view_of(frame).error().message,
            "frames of Y41B are not read as they are; the element videoconvert converts them");
}
#else
TEST(GstreamerAdapter, IsNotTested) {
  GTEST_SKIP() << "GStreamer's headers are not installed (Debian: libgstreamer-plugins-base1.0-dev)";
}
#endif

}  // namespace
}  // namespace mobilenet::testing
