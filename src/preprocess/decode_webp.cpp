// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// WebP through libwebp: alpha is dropped; of an animation, the first frame on its black canvas.

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>
#include <utility>

#include "base/error.h"
#include "preprocess/decode.h"
#include "preprocess/exif.h"

namespace mobilenet {
namespace {

struct Frame : WebPIterator {
  Frame() : WebPIterator{} {}
  ~Frame() { WebPDemuxReleaseIterator(this); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
};

struct Chunk : WebPChunkIterator {
  Chunk() : WebPChunkIterator{} {}
  ~Chunk() { WebPDemuxReleaseChunkIterator(this); }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;
};

Orientation orientation_of(const WebPDemuxer* demuxer) {
  Chunk chunk;
  if (!WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) return Orientation::upright;
  std::span<const std::byte> tiff(reinterpret_cast<const std::byte*>(chunk.chunk.bytes), chunk.chunk.size);
  // Some writers put JPEG's prefix in front.
  if (tiff.size() > 6 && std::memcmp(tiff.data(), "Exif\0\0", 6) == 0) tiff = tiff.subspan(6);
  return exif_orientation(tiff);
}

}  // namespace

Result<Image> decode_webp(const PictureFile& file) {
  const auto refused = [&](std::string_view why) {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable WebP picture: ", why);
  };
  const WebPData data{file.data(), file.bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemuxPartial(&data, &state), &WebPDemuxDelete);
  if (!demuxer || state != WEBP_DEMUX_DONE)
    return refused(state == WEBP_DEMUX_PARSE_ERROR ? "its chunks are malformed" : "it is truncated");

  const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  MOBILENET_CHECK(check_size(file, width, height));
  Frame frame;
  if (!WebPDemuxGetFrame(demuxer.get(), 1, &frame)) return refused("it has no picture");
  const std::int64_t left = frame.x_offset, top = frame.y_offset;
  if (left < 0 || top < 0 || frame.width < 1 || frame.height < 1 || left + frame.width > width ||
      top + frame.height > height)
    return refused("its first frame lies outside the canvas");
  // The decoder takes the size from the frame's own data, which may contradict the chunk around it.
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &features) != VP8_STATUS_OK ||
      features.width != frame.width || features.height != frame.height)
    return refused("its first frame is malformed");

  const auto row_bytes = static_cast<std::size_t>(width) * 3;
  const std::size_t bytes = row_bytes * static_cast<std::size_t>(height);
  MOBILENET_TRY(auto rgb, allocate_pixels(file, bytes));
  if (frame.width != width || frame.height != height) std::memset(rgb.get(), 0, bytes);
  const std::size_t first = static_cast<std::size_t>(top) * row_bytes + static_cast<std::size_t>(left) * 3;
  auto* const target = reinterpret_cast<std::uint8_t*>(rgb.get()) + first;
  if (!WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, target, bytes - first, static_cast<int>(row_bytes)))
    return refused("its pixels are truncated or corrupt");
  return Image(std::move(rgb), static_cast<int>(width), static_cast<int>(height), orientation_of(demuxer.get()));
}

}  // namespace mobilenet
