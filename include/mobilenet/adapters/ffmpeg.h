// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A frame of FFmpeg as a picture, without a copy. For programs that decode video themselves; they link libavutil, this
// library does not. A header of C++ alone: include it where FFmpeg's headers are found.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <optional>
#include <string>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
}

namespace mobilenet {

// Nothing where the frame's format is none that ImageView knows; libswscale converts it. No function of FFmpeg is
// called. The pixels stay the frame's. `orientation` is that of the stream (its display matrix), which a frame does not
// say. Colours that a frame does not explain are BT.709 from 720 rows on, else BT.601.
inline std::optional<ImageView> known_view_of(const AVFrame& frame, Orientation orientation = Orientation::upright) {
  ImageView view;
  view.width = frame.width, view.height = frame.height;
  view.orientation = orientation;
  bool full = frame.color_range == AVCOL_RANGE_JPEG;
  switch (static_cast<AVPixelFormat>(frame.format)) {
    case AV_PIX_FMT_RGB24:
      view.format = PixelFormat::rgb;
      break;
    case AV_PIX_FMT_BGR24:
      view.format = PixelFormat::bgr;
      break;
    case AV_PIX_FMT_RGBA:
    case AV_PIX_FMT_RGB0:
      view.format = PixelFormat::rgba;
      break;
    case AV_PIX_FMT_BGRA:
    case AV_PIX_FMT_BGR0:
      view.format = PixelFormat::bgra;
      break;
    case AV_PIX_FMT_GRAY8:
      view.format = PixelFormat::grey;
      break;
    case AV_PIX_FMT_NV12:
      view.format = PixelFormat::nv12;
      break;
    case AV_PIX_FMT_NV21:
      view.format = PixelFormat::nv21;
      break;
    case AV_PIX_FMT_NV16:
      view.format = PixelFormat::nv16;
      break;
    case AV_PIX_FMT_YUVJ420P:
      full = true;
      [[fallthrough]];
    case AV_PIX_FMT_YUV420P:
      view.format = PixelFormat::i420;
      break;
    case AV_PIX_FMT_YUVJ422P:
      full = true;
      [[fallthrough]];
    case AV_PIX_FMT_YUV422P:
      view.format = PixelFormat::i422;
      break;
    case AV_PIX_FMT_YUVJ444P:
      full = true;
      [[fallthrough]];
    case AV_PIX_FMT_YUV444P:
      view.format = PixelFormat::i444;
      break;
    case AV_PIX_FMT_YUYV422:
      view.format = PixelFormat::yuyv;
      break;
    case AV_PIX_FMT_UYVY422:
      view.format = PixelFormat::uyvy;
      break;
    case AV_PIX_FMT_P010LE:
      view.format = PixelFormat::p010;
      break;
    case AV_PIX_FMT_RGB565LE:
      view.format = PixelFormat::rgb565;
      break;
    default:
      return std::nullopt;
  }
  for (std::size_t plane = 0; plane < view.planes.size(); ++plane) {
    view.planes[plane] = frame.data[plane];
    view.row_bytes[plane] = frame.linesize[plane];
  }
  const bool said = frame.colorspace != AVCOL_SPC_UNSPECIFIED && frame.colorspace != AVCOL_SPC_RGB;
  const bool bt601 = frame.colorspace == AVCOL_SPC_SMPTE170M || frame.colorspace == AVCOL_SPC_BT470BG ||
                     frame.colorspace == AVCOL_SPC_FCC;
  const bool bt2020 = frame.colorspace == AVCOL_SPC_BT2020_NCL || frame.colorspace == AVCOL_SPC_BT2020_CL;
  const bool bt709 = said ? !bt601 : frame.height >= 720;
  view.matrix = bt2020 ? ColourMatrix::bt2020 : bt709 ? ColourMatrix::bt709 : ColourMatrix::bt601;
  view.range = full ? ColourRange::full : ColourRange::limited;
  return view;
}

// The same, and an error with the format's name where it is not known.
inline Result<ImageView> view_of(const AVFrame& frame, Orientation orientation = Orientation::upright) {
  if (const auto known = known_view_of(frame, orientation)) return *known;
  const char* const name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
  return Error{ErrorCode::unsupported, "frames of " + std::string(name != nullptr ? name : "an unknown format") +
                                           " are not read as they are; libswscale converts them"};
}

}  // namespace mobilenet
