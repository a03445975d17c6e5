// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// FFmpeg's functions, found when the first video is opened; its objects with an owner, and its errors as sentences.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <mobilenet/result.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

// clang-format off
// Where a stream keeps its turn: in libavformat's hands, later in libavcodec's.
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
#define MOBILENET_SIDE_DATA_OF_AVFORMAT(F)
#define MOBILENET_SIDE_DATA_OF_AVCODEC(F) F(av_packet_side_data_get)
#else
#define MOBILENET_SIDE_DATA_OF_AVFORMAT(F) F(av_stream_get_side_data)
#define MOBILENET_SIDE_DATA_OF_AVCODEC(F)
#endif
#define MOBILENET_AVFORMAT_FUNCTIONS(F)                                                                            \
  F(av_find_best_stream) F(av_guess_frame_rate) F(av_interleaved_write_frame) F(av_read_frame) F(av_write_trailer) \
  F(avformat_alloc_context) F(avformat_alloc_output_context2) F(avformat_close_input) F(avformat_find_stream_info) \
  F(avformat_free_context) F(avformat_new_stream) F(avformat_open_input) F(avformat_write_header) F(avio_closep)   \
  F(avio_open) MOBILENET_SIDE_DATA_OF_AVFORMAT(F)
#define MOBILENET_AVCODEC_FUNCTIONS(F)                                                                      \
  F(av_packet_alloc) F(av_packet_free) F(av_packet_rescale_ts) F(av_packet_unref) F(avcodec_alloc_context3) \
  F(avcodec_find_encoder_by_name) F(avcodec_free_context) F(avcodec_get_name) F(avcodec_open2)              \
  F(avcodec_parameters_from_context) F(avcodec_parameters_to_context) F(avcodec_receive_frame)              \
  F(avcodec_receive_packet) F(avcodec_send_frame) F(avcodec_send_packet)                                    \
  MOBILENET_SIDE_DATA_OF_AVCODEC(F)
#define MOBILENET_AVUTIL_FUNCTIONS(F)                                                                              \
  F(av_d2q) F(av_dict_free) F(av_dict_set) F(av_dict_set_int) F(av_frame_alloc) F(av_frame_clone) F(av_frame_free) \
  F(av_frame_get_buffer) F(av_frame_make_writable) F(av_get_pix_fmt_name) F(av_log_get_level) F(av_log_set_level)  \
  F(av_strerror)
#define MOBILENET_SWSCALE_FUNCTIONS(F) \
  F(sws_freeContext) F(sws_getCachedContext) F(sws_getCoefficients) F(sws_scale) F(sws_setColorspaceDetails)
// clang-format on

namespace mobilenet::libav {

// Before any of them is called. An error says which library this machine lacks.
Result<void> load();

#define MOBILENET_POINTER(name) inline decltype(&::name) name = nullptr;
MOBILENET_AVFORMAT_FUNCTIONS(MOBILENET_POINTER)  // NOLINT(readability-identifier-naming)
MOBILENET_AVCODEC_FUNCTIONS(MOBILENET_POINTER)   // NOLINT(readability-identifier-naming)
MOBILENET_AVUTIL_FUNCTIONS(MOBILENET_POINTER)    // NOLINT(readability-identifier-naming)
MOBILENET_SWSCALE_FUNCTIONS(MOBILENET_POINTER)   // NOLINT(readability-identifier-naming)
#undef MOBILENET_POINTER

struct Delete {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Delete>;

// "INVALIDDATA" and so on in FFmpeg's words.
inline std::string words(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  return av_strerror(code, text.data(), text.size()) == 0 ? text.data() : "error " + std::to_string(code);
}

inline Error failed(const std::string& where, std::string_view what, int code) {
  const ErrorCode kind = code == AVERROR(ENOENT)             ? ErrorCode::not_found
                         : code == AVERROR(ENOMEM)           ? ErrorCode::out_of_memory
                         : code == AVERROR_INVALIDDATA       ? ErrorCode::bad_format
                         : code == AVERROR_DECODER_NOT_FOUND ? ErrorCode::unsupported
                                                             : ErrorCode::io;
  return failure(kind, where, ": ", what, ": ", words(code));
}

// FFmpeg writes what it thinks of a file to standard error, unless it is told not to. Who has told it something else
// has his reasons.
inline void keep_quiet() {
  if (av_log_get_level() == AV_LOG_INFO) av_log_set_level(AV_LOG_QUIET);
}

// How colours are meant where a stream says nothing: BT.709 is high definition's.
inline const int* coefficients(AVColorSpace space, int height) {
  switch (static_cast<int>(space)) {
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return sws_getCoefficients(SWS_CS_BT2020);
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RGB:
      return sws_getCoefficients(height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601);
    default:
      return sws_getCoefficients(static_cast<int>(space));  // whose numbers are swscale's
  }
}

}  // namespace mobilenet::libav
