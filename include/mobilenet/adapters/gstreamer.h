// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A mapped frame of GStreamer (gst_video_frame_map) as a picture, without a copy. A header of C++ alone, for programs
// that use GStreamer; they link gstvideo.

#include <gst/video/video.h>
#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <string>

namespace mobilenet {

// The pixels are the frame's, valid until it is unmapped. Formats that ImageView does not know are an error with their
// name; the element videoconvert converts them.
inline Result<ImageView> view_of(const GstVideoFrame& frame, Orientation orientation = Orientation::upright) {
  ImageView view;
  view.width = GST_VIDEO_FRAME_WIDTH(&frame), view.height = GST_VIDEO_FRAME_HEIGHT(&frame);
  view.orientation = orientation;
  bool swapped = false;  // Cr before Cb
  switch (GST_VIDEO_FRAME_FORMAT(&frame)) {
    case GST_VIDEO_FORMAT_RGB:
      view.format = PixelFormat::rgb;
      break;
    case GST_VIDEO_FORMAT_BGR:
      view.format = PixelFormat::bgr;
      break;
    case GST_VIDEO_FORMAT_RGBA:
    case GST_VIDEO_FORMAT_RGBx:
      view.format = PixelFormat::rgba;
      break;
    case GST_VIDEO_FORMAT_BGRA:
    case GST_VIDEO_FORMAT_BGRx:
      view.format = PixelFormat::bgra;
      break;
    case GST_VIDEO_FORMAT_GRAY8:
      view.format = PixelFormat::grey;
      break;
    case GST_VIDEO_FORMAT_NV12:
      view.format = PixelFormat::nv12;
      break;
    case GST_VIDEO_FORMAT_NV21:
      view.format = PixelFormat::nv21;
      break;
    case GST_VIDEO_FORMAT_NV16:
      view.format = PixelFormat::nv16;
      break;
    case GST_VIDEO_FORMAT_YV12:
      swapped = true;
      [[fallthrough]];
    case GST_VIDEO_FORMAT_I420:
      view.format = PixelFormat::i420;
      break;
    case GST_VIDEO_FORMAT_Y42B:
      view.format = PixelFormat::i422;
      break;
    case GST_VIDEO_FORMAT_Y444:
      view.format = PixelFormat::i444;
      break;
    case GST_VIDEO_FORMAT_YUY2:
      view.format = PixelFormat::yuyv;
      break;
    case GST_VIDEO_FORMAT_UYVY:
      view.format = PixelFormat::uyvy;
      break;
    case GST_VIDEO_FORMAT_P010_10LE:
      view.format = PixelFormat::p010;
      break;
    case GST_VIDEO_FORMAT_RGB16:
      view.format = PixelFormat::rgb565;
      break;
    default:
      return Error{ErrorCode::unsupported, std::string("frames of ") +
                                               gst_video_format_to_string(GST_VIDEO_FRAME_FORMAT(&frame)) +
                                               " are not read as they are; the element videoconvert converts them"};
  }
  for (unsigned plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); ++plane) {
    const unsigned to = swapped && plane > 0 ? 3 - plane : plane;
    view.planes[to] = GST_VIDEO_FRAME_PLANE_DATA(&frame, plane);
    view.row_bytes[to] = static_cast<std::ptrdiff_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane));
  }
  const GstVideoColorimetry& colours = frame.info.colorimetry;
  view.matrix = colours.matrix == GST_VIDEO_COLOR_MATRIX_BT2020  ? ColourMatrix::bt2020
                : colours.matrix == GST_VIDEO_COLOR_MATRIX_BT709 ? ColourMatrix::bt709
                                                                 : ColourMatrix::bt601;
  view.range = colours.range == GST_VIDEO_COLOR_RANGE_0_255 ? ColourRange::full : ColourRange::limited;
  return view;
}

}  // namespace mobilenet
