// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// FFmpeg's objects with an owner, and its errors as sentences.

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

namespace mobilenet::libav {

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
