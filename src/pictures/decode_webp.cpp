// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// WebP through libwebp: alpha is dropped; of an animation, the first frame on its black canvas.

#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "pictures/decode.h"

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

  std::span<const std::byte> content() const { return {reinterpret_cast<const std::byte*>(chunk.bytes), chunk.size}; }
};

PictureMetadata metadata_of(const WebPDemuxer* demuxer) {
  PictureMetadata found;
  const auto assign = [&](std::vector<std::byte>& block, const char* name) {
    Chunk chunk;
    if (!WebPDemuxGetChunk(demuxer, name, 1, &chunk)) return;
    const auto content = without_exif_prefix(chunk.content());
    block.assign(content.begin(), content.end());
  };
  assign(found.exif, "EXIF");
  assign(found.xmp, "XMP ");
  assign(found.icc_profile, "ICCP");
  return found;
}

}  // namespace

Result<DecodedPicture> decode_webp(const PictureFile& file) {
  const auto refused = [&](std::string_view why) {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable WebP picture: ", why);
  };
  MOBILENET_CHECK(check_stored_numbers(file, PixelKind::colours));
  const WebPData data{file.data(), file.bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemuxPartial(&data, &state), &WebPDemuxDelete);
  if (!demuxer || state != WEBP_DEMUX_DONE)
    return refused(state == WEBP_DEMUX_PARSE_ERROR ? "its chunks are malformed" : "it is truncated");

  const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
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

  MOBILENET_TRY(auto picture, blank_picture(file, width, height));
  const auto row_bytes = static_cast<std::size_t>(width) * 3, bytes = row_bytes * static_cast<std::size_t>(height);
  const std::size_t first = static_cast<std::size_t>(top) * row_bytes + static_cast<std::size_t>(left) * 3;
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return refused("its decoder has another version");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {picture.row(0) + first, static_cast<int>(row_bytes), bytes - first};
  const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  if (status == VP8_STATUS_OUT_OF_MEMORY)
    return failure(ErrorCode::out_of_memory, file.name, ": not enough memory to decode it");
  if (status != VP8_STATUS_OK) return refused("its pixels are truncated or corrupt");
  picture.metadata = metadata_of(demuxer.get());
  return picture;
}

}  // namespace mobilenet
