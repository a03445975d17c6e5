// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "video/camera/camera_pixels.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pictures/ycbcr.h"

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
  if (fourcc == V4L2_PIX_FMT_NV12) return PixelFormat::nv12;
  if (fourcc == V4L2_PIX_FMT_GREY) return PixelFormat::grey;
  return fourcc == V4L2_PIX_FMT_BGR24 ? PixelFormat::bgr : PixelFormat::rgb;
}

// A row as RGB. Two pixels of YUYV share the colour between them.
class RowToRgb {
 public:
  explicit RowToRgb(const CameraLayout& layout)
      : layout_(layout),
        matrix_(ycbcr_matrix(layout.matrix, layout.range)),
        chroma_(static_cast<std::size_t>(layout.width) * 3) {}

  void convert(const std::uint8_t* luma, const std::uint8_t* colours, std::uint8_t* rgb) {
    const int width = layout_.width;
    switch (layout_.fourcc) {
      case V4L2_PIX_FMT_RGB24:
        std::memcpy(rgb, luma, static_cast<std::size_t>(width) * 3);
        return;
      case V4L2_PIX_FMT_BGR24:
        for (int x = 0; x < width; ++x)
          for (int c = 0; c < 3; ++c) rgb[3 * x + c] = luma[3 * x + 2 - c];
        return;
      case V4L2_PIX_FMT_GREY:
        for (int x = 0; x < width; ++x) std::memset(rgb + 3 * x, luma[x], 3);
        return;
      default:
        break;
    }
    const bool packed = layout_.fourcc != V4L2_PIX_FMT_NV12;
    const int first = layout_.fourcc == V4L2_PIX_FMT_UYVY ? 1 : 0;  // place of the luma in a pair of bytes
    for (int x = 0; x < width; ++x) {
      const std::uint8_t* const pair = packed ? luma + x / 2 * 4 : colours + x / 2 * 2;
      rgb[3 * x] = packed ? luma[2 * x + first] : luma[x];
      chroma_[static_cast<std::size_t>(3 * x)] = packed ? pair[1 - first] : pair[0];
      chroma_[static_cast<std::size_t>(3 * x) + 1] = packed ? pair[3 - first] : pair[1];
    }
    rgb_of_ycbcr(matrix_, width, rgb, chroma_.data());
  }

 private:
  const CameraLayout& layout_;
  YcbcrMatrix matrix_;
  std::vector<std::uint8_t> chroma_;
};

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
  const auto* const pixels = reinterpret_cast<const std::uint8_t*>(buffer.data());
  const bool known = layout.fourcc != V4L2_PIX_FMT_YUYV && layout.fourcc != V4L2_PIX_FMT_UYVY;
  CameraPixels result;
  ImageView& view = result.view;
  if (known && (!rgb || layout.fourcc == V4L2_PIX_FMT_RGB24)) {
    const PixelPool::Pixels copy = pool.take(bytes_of(layout));
    std::memcpy(copy->data(), pixels, std::min(buffer.size(), copy->size()));
    view = ImageView::packed(copy->data(), format_of(layout.fourcc), layout.width, layout.height,
                             static_cast<std::ptrdiff_t>(layout.row_bytes));
    view.matrix = layout.matrix, view.range = layout.range;
    result.owner = copy;
    return result;
  }
  const auto width = static_cast<std::size_t>(layout.width), height = static_cast<std::size_t>(layout.height);
  const PixelPool::Pixels copy = pool.take(width * height * 3);
  RowToRgb row(layout);
  for (std::size_t y = 0; y < height; ++y)
    row.convert(pixels + y * layout.row_bytes, pixels + (height + y / 2) * layout.row_bytes,
                reinterpret_cast<std::uint8_t*>(copy->data()) + y * width * 3);
  view = ImageView::packed(copy->data(), PixelFormat::rgb, layout.width, layout.height);
  result.owner = copy;
  return result;
}

}  // namespace mobilenet
