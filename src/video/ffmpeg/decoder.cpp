// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <fcntl.h>
#include <mobilenet/adapters/ffmpeg.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/caught.h"
#include "video/ffmpeg/ffmpeg.h"
#include "video/ffmpeg/libav.h"
#include "video/pixel_pool.h"

// Frames of files and streams.

namespace mobilenet {
namespace {

using Clock = std::chrono::steady_clock;
using namespace libav;  // whose functions hide those of the headers

constexpr int kMostBadPackets = 1000;  // one after the other; then nothing more will come

// What FFmpeg's demuxers may read of a file: the file, and nothing that it names. Those of playlists are left out.
constexpr const char *kOfFiles = "file", *kOfPipes = "pipe";
constexpr const char* kContainers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,gif,yuv4mpegpipe,mxf,ivf,h264,hevc,"
    "m4v,"
    "mjpeg,apng,nut,rm,dv,av1,obu";

constexpr const char* kFile = "file:";
bool is_address(const std::string& source) {
  return source.find("://") != std::string::npos && !source.starts_with(kFile);
}

bool is_pipe(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

// A named pipe, read by a number of ours that does not block: FFmpeg's own would wait for ever in open() until somebody
// writes, and in read() where nothing comes, and ask nobody.
class Pipe {
 public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    if (number_ >= 0) ::close(number_);
  }
  Result<void> open(const std::string& path, double seconds) {
    number_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (number_ < 0) return failure(ErrorCode::io, path, ": ", std::strerror(errno));
    pollfd poll_me{number_, POLLIN, 0};
    int found = 0;
    do {
      found = ::poll(&poll_me, 1, static_cast<int>(std::ceil(1000 * seconds)));
    } while (found < 0 && errno == EINTR);
    if (found == 0) return failure(ErrorCode::io, path, ": is a pipe that nobody wrote to for ", seconds, " seconds");
    return {};
  }
  std::string address() const { return "pipe:" + std::to_string(number_); }

 private:
  int number_ = -1;
};

// The eight ways to put a picture upright, from the matrix of a container. (x, y) is shown at (ax + cy, bx + dy).
Orientation orientation_of(const std::int32_t* matrix) {
  const auto sign = [matrix](int place) { return (matrix[place] > 0) - (matrix[place] < 0); };
  const int a = sign(0), b = sign(1), c = sign(3), d = sign(4);
  if (b == 0 && c == 0) {
    if (a < 0) return d < 0 ? Orientation::rotate_180 : Orientation::flip_horizontal;
    return d < 0 ? Orientation::flip_vertical : Orientation::upright;
  }
  if (a != 0 || d != 0) return Orientation::upright;  // by an angle that is no quarter turn
  if (b > 0) return c < 0 ? Orientation::rotate_90 : Orientation::transpose;
  return c > 0 ? Orientation::rotate_270 : Orientation::transverse;
}

Orientation orientation_of(const AVStream& stream) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
  const AVPacketSideData* const side = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const std::uint8_t* const data = side != nullptr ? side->data : nullptr;
  const std::size_t size = side != nullptr ? side->size : 0;
#else
  std::size_t size = 0;
  const std::uint8_t* const data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  if (data == nullptr || size < 9 * sizeof(std::int32_t)) return Orientation::upright;
  std::int32_t matrix[9];
  std::copy_n(data, sizeof(matrix), reinterpret_cast<std::uint8_t*>(matrix));
  return orientation_of(matrix);
}

class Decoder final : public FrameSource {
 public:
  static Result<std::unique_ptr<FrameSource>> open(const std::string& source, const VideoOptions& options) {
    std::unique_ptr<Decoder> decoder(new Decoder(options));
    MOBILENET_CHECK(decoder->open_input(source));
    MOBILENET_CHECK(decoder->open_codec());
    return std::unique_ptr<FrameSource>(std::move(decoder));
  }

  Result<bool> next(VideoFrame& frame) override {
    MOBILENET_TRY(const bool found, next_decoded());
    if (!found) return false;
    MOBILENET_TRY(const ImageView view, pixels_of(*frame_));
    frame = VideoFrame(std::move(pixels_), view, frames_, seconds_of(*frame_));
    ++frames_;
    return true;
  }

 private:
  explicit Decoder(const VideoOptions& options)
      : options_(options), frame_(av_frame_alloc()), packet_(av_packet_alloc()) {
    if (!frame_ || !packet_) throw std::bad_alloc();
  }

  // FFmpeg asks while it waits.
  static int gives_up(void* decoder) {
    const auto& self = *static_cast<Decoder*>(decoder);
    return self.interrupted_ || self.is_overdue() ? 1 : 0;
  }

  bool is_overdue() const { return waits_ && Clock::now() > deadline_; }
  Error nothing_came() const {
    return failure(ErrorCode::io, info_.source, ": nothing came for ", options_.timeout, " seconds");
  }

  void expect_something() {
    deadline_ =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.timeout));
  }

  Result<void> open_input(const std::string& address_of_source) {
    libav::keep_quiet();
    const std::string source = without_password(address_of_source);
    info_.source = source;
    info_.live = waits_ = is_address(source);
    // A name with a colon is not an address of a protocol.
    std::string address = info_.live || source.starts_with(kFile) ? address_of_source : kFile + source;
    const std::string path = address.substr(info_.live ? 0 : std::string_view(kFile).size());
    const bool piped = !info_.live && is_pipe(path);
    if (piped) {
      MOBILENET_CHECK(pipe_.open(path, options_.timeout));
      address = pipe_.address();
      waits_ = true;
    }
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) throw std::bad_alloc();
    context->interrupt_callback = {gives_up, this};
    AVDictionary* wishes = nullptr;
    if (!info_.live) {
      av_dict_set(&wishes, "protocol_whitelist", piped ? kOfPipes : kOfFiles, 0);
      av_dict_set(&wishes, "format_whitelist", kContainers, 0);
    }
    expect_something();
    int code = avformat_open_input(&context, address.c_str(), nullptr, &wishes);  // frees the context where it fails
    av_dict_free(&wishes);
    if (code < 0) return is_overdue() ? nothing_came() : libav::failed(source, "cannot open it as a video", code);
    input_.reset(context);
    expect_something();
    // It decodes first frames, which may be as large as any.
    std::vector<AVDictionary*> limits(context->nb_streams, nullptr);
    for (AVDictionary*& limit : limits)
      if (options_.max_pixels > 0) av_dict_set_int(&limit, "max_pixels", options_.max_pixels, 0);
    code = avformat_find_stream_info(context, limits.empty() ? nullptr : limits.data());
    for (AVDictionary*& limit : limits) av_dict_free(&limit);
    if (code < 0) return is_overdue() ? nothing_came() : libav::failed(source, "cannot read what is in it", code);
    const AVCodec* codec = nullptr;
    stream_ = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (stream_ == AVERROR_DECODER_NOT_FOUND)
      return failure(ErrorCode::unsupported, source, ": this machine's FFmpeg has no decoder for its video");
    if (stream_ < 0 || (context->streams[stream_]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0)
      return failure(ErrorCode::bad_format, source, ": holds no video");
    for (unsigned i = 0; i < context->nb_streams; ++i)
      if (static_cast<int>(i) != stream_) context->streams[i]->discard = AVDISCARD_ALL;
    codec_.reset(avcodec_alloc_context3(codec));
    if (!codec_) throw std::bad_alloc();
    return {};
  }

  Result<void> open_codec() {
    AVStream& stream = *input_->streams[stream_];
    int code = avcodec_parameters_to_context(codec_.get(), stream.codecpar);
    if (code < 0) return libav::failed(info_.source, "cannot read what its video is", code);
    codec_->pkt_timebase = stream.time_base;
    if (options_.max_pixels > 0) codec_->max_pixels = options_.max_pixels;
    // Frames of a stream come out at once; those of a file may take a detour over several cores.
    codec_->thread_count = 0;
    codec_->thread_type = info_.live ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
    if (info_.live) codec_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    const std::int64_t pixels = std::int64_t{codec_->width} * codec_->height;
    if (options_.max_pixels > 0 && pixels > options_.max_pixels)
      return failure(ErrorCode::invalid_argument, info_.source, ": its frames have ", codec_->width, 'x',
                     codec_->height, " pixels, and at most ", options_.max_pixels, " are allowed");
    code = avcodec_open2(codec_.get(), nullptr, nullptr);
    if (code < 0) return libav::failed(info_.source, "cannot decode its video", code);
    orientation_ = orientation_of(stream);
    describe(stream);
    return {};
  }

  void describe(const AVStream& stream) {
    info_.format = std::string(input_->iformat->name) + ", " + avcodec_get_name(codec_->codec_id);
    ImageView size;
    size.width = codec_->width, size.height = codec_->height, size.orientation = orientation_;
    info_.width = size.upright_width(), info_.height = size.upright_height();
    const AVRational rate = av_guess_frame_rate(input_.get(), const_cast<AVStream*>(&stream), nullptr);
    if (rate.num > 0 && rate.den > 0) info_.fps = av_q2d(rate);
    if (input_->duration > 0) info_.seconds = static_cast<double>(input_->duration) / AV_TIME_BASE;
    info_.frames = stream.nb_frames > 0 ? stream.nb_frames : std::llround(info_.seconds * info_.fps);
    const AVRational aspect = stream.codecpar->sample_aspect_ratio;
    if (aspect.num > 0 && aspect.den > 0) info_.pixel_aspect = av_q2d(aspect);
  }

  // Into frame_; false at the end.
  Result<bool> next_decoded() {
    expect_something();
    for (int bad = 0; !interrupted_;) {
      const int code = avcodec_receive_frame(codec_.get(), frame_.get());
      if (code == 0) {
        const bool whole = (frame_->flags & AV_FRAME_FLAG_CORRUPT) == 0 && frame_->decode_error_flags == 0;
        if (whole && frame_->width > 0 && frame_->height > 0) return true;
        ++damaged_;
        continue;
      }
      if (code == AVERROR_EOF) return false;
      if (code != AVERROR(EAGAIN)) {
        if (code == AVERROR(ENOMEM)) return libav::failed(info_.source, "cannot decode it", code);
        ++damaged_;
        if (++bad > kMostBadPackets) return false;
        continue;
      }
      MOBILENET_CHECK(feed(bad));
    }
    return false;
  }

  // Gives the decoder the next packet of its stream, or tells it that there is none.
  Result<void> feed(int& bad) {
    const int code = av_read_frame(input_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) && !is_overdue()) return {};
    if (code < 0) {
      if (interrupted_) return {};
      if (is_overdue()) return nothing_came();
      if (info_.live && code != AVERROR_EOF) return libav::failed(info_.source, "the stream broke off", code);
      // What a demuxer cannot read on from is its end, and what the decoder still holds is good.
      if (code != AVERROR_EOF) ++damaged_;
      avcodec_send_packet(codec_.get(), nullptr);
      return {};
    }
    if (packet_->stream_index == stream_) {
      const int sent = avcodec_send_packet(codec_.get(), packet_.get());
      if (sent < 0) {
        ++damaged_;
        if (++bad > kMostBadPackets) avcodec_send_packet(codec_.get(), nullptr);
      } else {
        bad = 0;
      }
    }
    av_packet_unref(packet_.get());
    return {};
  }

  double seconds_of(const AVFrame& frame) {
    const double unit = av_q2d(input_->streams[stream_]->time_base);
    const double step = info_.fps > 0 ? 1 / info_.fps : 0.04;
    double seconds = frames_ == 0 ? 0 : last_seconds_ + step;
    if (frame.best_effort_timestamp != AV_NOPTS_VALUE) {
      const double time = static_cast<double>(frame.best_effort_timestamp) * unit;
      if (frames_ == 0 || !first_time_) first_time_ = time - seconds;
      seconds = time - *first_time_;
    }
    // Damaged times may stand still or go back.
    if (frames_ > 0 && !(seconds > last_seconds_)) seconds = last_seconds_ + 1e-6;
    return last_seconds_ = seconds;
  }

  // Keeps the frame's own pixels, or those it is converted to, in pixels_.
  Result<ImageView> pixels_of(const AVFrame& frame) {
    const int width = frame.width, height = frame.height;
    if (options_.max_pixels > 0 && std::int64_t{width} * height > options_.max_pixels)
      return failure(ErrorCode::invalid_argument, info_.source, ": a frame has ", width, 'x', height,
                     " pixels, and at most ", options_.max_pixels, " are allowed");
    if (const auto known = known_view_of(frame, orientation_);
        known && (!options_.rgb || known->format == PixelFormat::rgb)) {
      const std::shared_ptr<AVFrame> kept(av_frame_clone(&frame), libav::Delete());
      if (!kept) throw std::bad_alloc();
      pixels_ = kept;
      return *known;
    }
    return converted(frame);
  }

  Result<ImageView> converted(const AVFrame& frame) {
    const int width = frame.width, height = frame.height;
    const auto format = static_cast<AVPixelFormat>(frame.format);
    const bool full = frame.color_range == AVCOL_RANGE_JPEG || format == AV_PIX_FMT_YUVJ420P ||
                      format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P;
    scaler_.reset(sws_getCachedContext(scaler_.release(), width, height, format, width, height, AV_PIX_FMT_RGB24,
                                       SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
    if (!scaler_)
      return failure(ErrorCode::unsupported, info_.source, ": frames of ", av_get_pix_fmt_name(format),
                     " cannot be converted");
    const int* const table = libav::coefficients(frame.colorspace, height);
    sws_setColorspaceDetails(scaler_.get(), table, full ? 1 : 0, table, 1, 0, 1 << 16, 1 << 16);
    // 64: what swscale's loops want of rows, and of where they begin.
    constexpr std::size_t kAlignment = 64;
    const std::size_t row = (static_cast<std::size_t>(width) * 3 + kAlignment - 1) / kAlignment * kAlignment;
    const PixelPool::Pixels pixels = pool_.take(row * static_cast<std::size_t>(height) + kAlignment);
    auto* first = reinterpret_cast<std::uint8_t*>(pixels->data());
    first += (kAlignment - reinterpret_cast<std::uintptr_t>(first) % kAlignment) % kAlignment;
    std::uint8_t* const planes[1] = {first};
    const int rows[1] = {static_cast<int>(row)};
    sws_scale(scaler_.get(), frame.data, frame.linesize, 0, height, planes, rows);
    ImageView view = ImageView::packed(first, PixelFormat::rgb, width, height, rows[0]);
    view.orientation = orientation_;
    pixels_ = pixels;
    return view;
  }

  VideoOptions options_;
  bool waits_ = false;  // for who sends: a stream, or a pipe
  Pipe pipe_;           // where it is one
  Owned<AVFormatContext> input_;
  Owned<AVCodecContext> codec_;
  Owned<SwsContext> scaler_;
  Owned<AVFrame> frame_;
  Owned<AVPacket> packet_;
  PixelPool pool_;
  std::shared_ptr<const void> pixels_;  // of the frame that is being made
  int stream_ = -1;
  Orientation orientation_ = Orientation::upright;
  Clock::time_point deadline_;
  std::optional<double> first_time_;
  double last_seconds_ = 0;
};

}  // namespace

Result<void> can_read_video() try { return libav::load(); } catch (...) {
  return caught("videos");
}

Result<std::unique_ptr<FrameSource>> open_decoder(const std::string& source, const VideoOptions& options) {
  if (const auto loaded = libav::load(); !loaded) return at(source, loaded.error());
  return Decoder::open(source, options);
}

}  // namespace mobilenet
