// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "base/caught.h"
#include "base/letter_case.h"
#include "video/ffmpeg/ffmpeg.h"
#include "video/ffmpeg/libav.h"

// Frames into a video file.

namespace mobilenet {
namespace {

using namespace libav;  // whose functions hide those of the headers

constexpr AVRational kUnit = {1, 60'000};  // of times: all common frame rates divide it, and MPEG-4 takes no finer one
constexpr int kMostSide = 16'384;
constexpr double kUsualRate = 25;

struct Container {
  const char* ending;
  const char* muxer;
  std::array<const char*, 3> encoders;  // best first
};
constexpr std::array<Container, 5> kContainers = {{{".mp4", "mp4", {"libx264", "libopenh264", "mpeg4"}},
                                                   {".m4v", "mp4", {"libx264", "libopenh264", "mpeg4"}},
                                                   {".mov", "mov", {"libx264", "libopenh264", "mpeg4"}},
                                                   {".mkv", "matroska", {"libx264", "libopenh264", "mpeg4"}},
                                                   {".webm", "webm", {"libvpx-vp9", "libvpx", "libaom-av1"}}}};

const Container* container_of(const std::filesystem::path& path) {
  const std::string ending = lower_case(path.extension().string());
  const auto* const found =
      std::find_if(kContainers.begin(), kContainers.end(), [&](const Container& c) { return ending == c.ending; });
  return found == kContainers.end() ? nullptr : found;
}

const AVCodec* encoder_for(const Container& container) {
  for (const char* name : container.encoders)
    if (const AVCodec* const codec = avcodec_find_encoder_by_name(name)) return codec;
  return nullptr;
}

AVPixelFormat format_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::rgb:
      return AV_PIX_FMT_RGB24;
    case PixelFormat::bgr:
      return AV_PIX_FMT_BGR24;
    case PixelFormat::rgba:
      return AV_PIX_FMT_RGB0;
    case PixelFormat::bgra:
      return AV_PIX_FMT_BGR0;
    default:
      return AV_PIX_FMT_NONE;
  }
}

struct CloseOutput {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

}  // namespace

struct VideoWriter::State {
  std::filesystem::path path, part;
  VideoWriterOptions options;
  std::unique_ptr<AVFormatContext, CloseOutput> output;
  Owned<AVCodecContext> codec;
  Owned<SwsContext> scaler;
  Owned<AVFrame> frame;
  Owned<AVPacket> packet;
  std::vector<std::byte> padded;  // a frame, of odd sides with its last row and column again
  std::int64_t last_time = -1;
  bool header = false, over = false, finished = false;  // over: finish() was called, whatever came of it

  std::string name() const { return path.string(); }

  ~State() {
    codec.reset();
    output.reset();
    std::error_code ignored;
    if (header && !finished) std::filesystem::remove(part, ignored);
  }

  Result<void> open(const Container& container);
  Result<void> fill(const ImageView& picture);
  Result<void> drain();
};

Result<void> VideoWriter::State::open(const Container& container) {
  libav::keep_quiet();
  const AVCodec* const encoder = encoder_for(container);
  if (encoder == nullptr)
    return failure(ErrorCode::unsupported, name(), ": this machine's FFmpeg has no encoder for ", container.ending,
                   " files");
  AVFormatContext* context = nullptr;
  const std::string address = "file:" + part.string();
  int code = avformat_alloc_output_context2(&context, nullptr, container.muxer, address.c_str());
  if (code < 0) return libav::failed(name(), "cannot write such a file", code);
  output.reset(context);
  AVStream* const stream = avformat_new_stream(context, nullptr);
  codec.reset(avcodec_alloc_context3(encoder));
  frame.reset(av_frame_alloc());
  packet.reset(av_packet_alloc());
  if (stream == nullptr || !codec || !frame || !packet) throw std::bad_alloc();

  const double rate = options.fps > 0 ? options.fps : kUsualRate;
  const bool bt709 = options.height >= 720;
  codec->width = (options.width + 1) / 2 * 2;  // its colours have half the sides
  codec->height = (options.height + 1) / 2 * 2;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = kUnit;
  codec->framerate = av_d2q(rate, 1'000'000);
  codec->gop_size = static_cast<int>(std::clamp(2 * rate, 1.0, 600.0));  // somebody who seeks waits 2 s at most
  codec->colorspace = bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  codec->color_primaries = bt709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  codec->color_trc = bt709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  codec->color_range = AVCOL_RANGE_MPEG;
  if ((context->oformat->flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  AVDictionary* wishes = nullptr;
  av_dict_set(&wishes, "crf", "20", 0);           // x264: no loss that eyes find; VP9 has its own scale
  av_dict_set(&wishes, "preset", "veryfast", 0);  // 5 times as fast as the usual one for a tenth more bytes
  if (encoder->id == AV_CODEC_ID_MPEG4) codec->flags |= AV_CODEC_FLAG_QSCALE, codec->global_quality = 3 * FF_QP2LAMBDA;
  code = avcodec_open2(codec.get(), encoder, &wishes);
  av_dict_free(&wishes);
  if (code < 0)
    return libav::failed(name(), text("cannot encode frames of ", options.width, 'x', options.height), code);
  stream->time_base = kUnit;
  stream->avg_frame_rate = codec->framerate;
  code = avcodec_parameters_from_context(stream->codecpar, codec.get());
  if (code < 0) return libav::failed(name(), "cannot describe its video", code);
  code = avio_open(&context->pb, address.c_str(), AVIO_FLAG_WRITE);
  if (code < 0) return libav::failed(name(), "cannot create it", code);
  header = true;
  av_dict_set(&wishes, "movflags", "faststart", 0);  // players begin before all of it has come
  code = avformat_write_header(context, &wishes);
  av_dict_free(&wishes);
  if (code < 0) return libav::failed(name(), "cannot write it", code);
  frame->format = codec->pix_fmt, frame->width = codec->width, frame->height = codec->height;
  return {};
}

// Into `frame`, in the encoder's format.
Result<void> VideoWriter::State::fill(const ImageView& picture) {
  const AVPixelFormat format = format_of(picture.format);
  const auto* pixels = static_cast<const std::uint8_t*>(picture.planes[0]);
  if (format == AV_PIX_FMT_NONE || picture.orientation != Orientation::upright || picture.memory != Memory::host ||
      pixels == nullptr)
    return failure(ErrorCode::invalid_argument, name(), ": frames are written from upright rgb, bgr, rgba or bgra");
  if (picture.width != options.width || picture.height != options.height)
    return failure(ErrorCode::invalid_argument, name(), ": a frame has ", picture.width, 'x', picture.height,
                   " pixels, and this video ", options.width, 'x', options.height);
  const int pixel = picture.format == PixelFormat::rgb || picture.format == PixelFormat::bgr ? 3 : 4;
  const std::ptrdiff_t row = std::ptrdiff_t{picture.width} * pixel;
  const std::ptrdiff_t longest = std::numeric_limits<std::ptrdiff_t>::max() / picture.height;
  if (picture.height > 1 &&
      (picture.row_bytes[0] < -longest || picture.row_bytes[0] > longest || std::abs(picture.row_bytes[0]) < row))
    return failure(ErrorCode::invalid_argument, name(), ": rows of ", picture.row_bytes[0], " bytes do not hold ",
                   picture.width, " pixels");
  // A copy with even sides, of rows that swscale may read beyond the end of.
  constexpr std::ptrdiff_t kBeyond = 64;
  const std::ptrdiff_t stride = std::ptrdiff_t{codec->width} * pixel;
  padded.resize(static_cast<std::size_t>(stride * codec->height + kBeyond));
  for (int y = 0; y < codec->height; ++y) {
    auto* const to = reinterpret_cast<std::uint8_t*>(padded.data()) + y * stride;
    std::memcpy(to, pixels + std::min(y, picture.height - 1) * picture.row_bytes[0], static_cast<std::size_t>(row));
    if (stride > row) std::memcpy(to + row, to + row - pixel, static_cast<std::size_t>(pixel));
  }
  pixels = reinterpret_cast<const std::uint8_t*>(padded.data());
  scaler.reset(sws_getCachedContext(scaler.release(), codec->width, codec->height, format, codec->width, codec->height,
                                    codec->pix_fmt, SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
  if (!scaler) return failure(ErrorCode::unsupported, name(), ": frames cannot be converted");
  const int* const table = libav::coefficients(codec->colorspace, codec->height);
  sws_setColorspaceDetails(scaler.get(), table, 1, table, 0, 0, 1 << 16, 1 << 16);
  // The encoder may still read the last one.
  if (frame->buf[0] == nullptr) {
    if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  } else if (av_frame_make_writable(frame.get()) < 0) {
    throw std::bad_alloc();
  }
  const std::uint8_t* const planes[1] = {pixels};
  const int rows[1] = {static_cast<int>(stride)};
  sws_scale(scaler.get(), planes, rows, 0, codec->height, frame->data, frame->linesize);
  return {};
}

// Writes what the encoder has ready.
Result<void> VideoWriter::State::drain() {
  for (;;) {
    int code = avcodec_receive_packet(codec.get(), packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
    if (code < 0) return libav::failed(name(), "cannot encode a frame", code);
    const AVStream& stream = *output->streams[0];
    // Of the last frame there is no next whose time would say how long it is shown.
    packet->duration = std::llround(kUnit.den / (options.fps > 0 ? options.fps : kUsualRate));
    av_packet_rescale_ts(packet.get(), codec->time_base, stream.time_base);
    packet->stream_index = 0;
    code = av_interleaved_write_frame(output.get(), packet.get());
    if (code < 0) return libav::failed(name(), "cannot write it", code);
  }
}

Result<void> can_write_video(const std::filesystem::path& path) try {
  const Container* const container = container_of(path);
  if (container == nullptr)
    return failure(ErrorCode::invalid_argument, path.string(),
                   ": videos are written to files ending in .mp4, .m4v, .mov, .mkv or .webm");
  if (const auto loaded = libav::load(); !loaded) return at(path.string(), loaded.error());
  if (encoder_for(*container) == nullptr)
    return failure(ErrorCode::unsupported, path.string(), ": this machine's FFmpeg has no encoder for ",
                   container->ending, " files");
  return {};
} catch (...) {
  return caught("videos");
}

Result<VideoWriter> VideoWriter::create(const std::filesystem::path& path, const VideoWriterOptions& options) try {
  MOBILENET_CHECK(can_write_video(path));
  if (options.width < 1 || options.height < 1 || options.width > kMostSide || options.height > kMostSide)
    return failure(ErrorCode::invalid_argument, path.string(), ": a video of ", options.width, 'x', options.height,
                   " pixels cannot be written; sides are 1 to ", kMostSide);
  if (!(options.fps >= 0 && options.fps <= 10'000))
    return failure(ErrorCode::invalid_argument, path.string(), ": ", options.fps, " frames a second are none");
  auto state = std::make_unique<State>();
  state->path = path;
  // A name of its own, though others write to the same place, or have a file of that name.
  for (int attempt = 0; state->part.empty() || std::filesystem::exists(state->part); ++attempt)
    state->part = path.string() + '.' + std::to_string(getpid()) + '.' + std::to_string(attempt) + ".part";
  state->options = options;
  MOBILENET_CHECK(state->open(*container_of(path)));
  return VideoWriter(std::move(state));
} catch (...) {
  return caught(path.string());
}

VideoWriter::VideoWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;
VideoWriter::~VideoWriter() = default;

Result<void> VideoWriter::write(const ImageView& picture, double seconds) try {
  State& state = *state_;
  if (state.over) return failure(ErrorCode::invalid_argument, state.name(), ": it is finished");
  if (!(seconds >= 0 && seconds <= 1e9))
    return failure(ErrorCode::invalid_argument, state.name(), ": a frame cannot be at ", seconds, " seconds");
  MOBILENET_CHECK(state.fill(picture));
  state.last_time = std::max(std::int64_t{std::llround(seconds * kUnit.den)}, state.last_time + 1);
  state.frame->pts = state.last_time;
  if (const int code = avcodec_send_frame(state.codec.get(), state.frame.get()); code < 0)
    return libav::failed(state.name(), "cannot encode a frame", code);
  return state.drain();
} catch (...) {
  return caught(state_->name());
}

Result<void> VideoWriter::finish() try {
  State& state = *state_;
  if (state.over) return failure(ErrorCode::invalid_argument, state.name(), ": it is finished");
  state.over = true;
  if (state.last_time < 0) return failure(ErrorCode::invalid_argument, state.name(), ": a video without frames");
  if (const int code = avcodec_send_frame(state.codec.get(), nullptr); code < 0 && code != AVERROR_EOF)
    return libav::failed(state.name(), "cannot encode its end", code);
  MOBILENET_CHECK(state.drain());
  int code = av_write_trailer(state.output.get());
  const int closed = avio_closep(&state.output->pb);
  if (code == 0) code = closed;
  if (code < 0) return libav::failed(state.name(), "cannot write it", code);
  std::error_code error;
  std::filesystem::rename(state.part, state.path, error);
  if (error) return failure(ErrorCode::io, state.name(), ": cannot rename it into place: ", error.message());
  state.finished = true;
  return {};
} catch (...) {
  return caught(state_->name());
}

}  // namespace mobilenet
