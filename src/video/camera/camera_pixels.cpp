// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "video/camera/camera_pixels.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"

namespace mobilenet {
namespace {

constexpr std::array<CameraFormat, 8> kFormats = {{{"NV12", V4L2_PIX_FMT_NV12},
                                                   {"RGB24", V4L2_PIX_FMT_RGB24},
                                                   {"BGR24", V4L2_PIX_FMT_BGR24},
                                                   {"YUYV", V4L2_PIX_FMT_YUYV},
                                                   {"UYVY", V4L2_PIX_FMT_UYVY},
                                                   {"GREY", V4L2_PIX_FMT_GREY},
                                                   {"MJPG", V4L2_PIX_FMT_MJPEG},
                                                   {"JPEG", V4L2_PIX_FMT_JPEG}}};

// How many bytes of the buffer belong to the picture; the last row may end early.
std::size_t bytes_of(const CameraLayout& layout) {
  const auto height = static_cast<std::size_t>(layout.height);
  return layout.row_bytes * (layout.fourcc == V4L2_PIX_FMT_NV12 ? height + (height + 1) / 2 : height);
}

std::size_t least_row(const CameraLayout& layout) {
  const auto width = static_cast<std::size_t>(layout.width);
  switch (layout.fourcc) {
    case V4L2_PIX_FMT_NV12:
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY:
      return (layout.fourcc == V4L2_PIX_FMT_NV12 ? 1 : 2) * ((width + 1) / 2 * 2);
    case V4L2_PIX_FMT_GREY:
      return width;
    default:
      return 3 * width;
  }
}

PixelFormat format_of(std::uint32_t fourcc) {
  switch (fourcc) {
    case V4L2_PIX_FMT_NV12:
      return PixelFormat::nv12;
    case V4L2_PIX_FMT_YUYV:
      return PixelFormat::yuyv;
    case V4L2_PIX_FMT_UYVY:
      return PixelFormat::uyvy;
    case V4L2_PIX_FMT_GREY:
      return PixelFormat::grey;
    case V4L2_PIX_FMT_BGR24:
      return PixelFormat::bgr;
    default:
      return PixelFormat::rgb;
  }
}

Result<CameraPixels> decoded(std::span<const std::byte> buffer) {
  // Whose size is its own: a driver may pad what it says of its frames.
  auto image = Image::decode(buffer, {}, "the camera's JPEG");
  if (!image && image.error().code == ErrorCode::out_of_memory) return image.error();
  if (!image) return failure(ErrorCode::bad_format, image.error().message);
  const auto owner = std::make_shared<Image>(*std::move(image));
  ImageView view = owner->view();
  view.orientation = Orientation::upright;
  return CameraPixels{owner, view};
}

}  // namespace

std::span<const CameraFormat> camera_formats() { return kFormats; }

Result<CameraPixels> copy_pixels(std::span<const std::byte> buffer, const CameraLayout& layout, bool rgb,
                                 PixelPool& pool) {
  if (layout.fourcc == V4L2_PIX_FMT_MJPEG || layout.fourcc == V4L2_PIX_FMT_JPEG) return decoded(buffer);
  const std::size_t missing = layout.row_bytes - least_row(layout);
  if (layout.row_bytes < least_row(layout) || buffer.size() + missing < bytes_of(layout))
    return failure(ErrorCode::bad_format, "a frame of ", layout.width, 'x', layout.height, " in ", buffer.size(),
                   " bytes");
  const auto whole = [&](const std::byte* pixels) {
    ImageView view = ImageView::packed(pixels, format_of(layout.fourcc), layout.width, layout.height,
                                       static_cast<std::ptrdiff_t>(layout.row_bytes));
    view.matrix = layout.matrix, view.range = layout.range;
    return view;
  };
  if (!rgb || layout.fourcc == V4L2_PIX_FMT_RGB24) {
    const PixelPool::Pixels copy = pool.take(bytes_of(layout));
    std::memcpy(copy->data(), buffer.data(), std::min(buffer.size(), copy->size()));
    return CameraPixels{copy, whole(copy->data())};
  }
  const PixelPool::Pixels copy =
      pool.take(static_cast<std::size_t>(layout.width) * static_cast<std::size_t>(layout.height) * 3);
  const PixelBuffer pixels = PixelBuffer::packed(copy->data(), PixelFormat::rgb, layout.width, layout.height);
  MOBILENET_CHECK(convert(whole(buffer.data()), pixels));
  return CameraPixels{copy, pixels.view()};
}

}  // namespace mobilenet
