// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// JPEG through libjpeg-turbo.

// jpeglib.h takes FILE for granted.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "encode/encoders.h"
#include "pictures/jpeg_errors.h"

namespace mobilenet::encoding {
namespace {

constexpr int kMaxSide = JPEG_MAX_DIMENSION;

// Collects the file piece by piece.
struct PieceByPiece : jpeg_destination_mgr {
  std::vector<std::byte> file;
  std::array<JOCTET, 1 << 16> piece;
  bool out_of_memory = false;

  void start() {
    next_output_byte = piece.data();
    free_in_buffer = piece.size();
  }
  void take(std::size_t bytes) {
    const auto* const first = reinterpret_cast<const std::byte*>(piece.data());
    try {
      file.insert(file.end(), first, first + bytes);
    } catch (...) {  // nothing may unwind through libjpeg
      out_of_memory = true;
    }
    start();
  }
};

PieceByPiece& destination_of(j_compress_ptr info) { return *static_cast<PieceByPiece*>(info->dest); }

class Encoder {
 public:
  Encoder() {
    info_.err = &errors_;
    destination_.init_destination = [](j_compress_ptr info) { destination_of(info).start(); };
    destination_.empty_output_buffer = [](j_compress_ptr info) -> boolean {
      destination_of(info).take(destination_of(info).piece.size());
      return TRUE;
    };
    destination_.term_destination = [](j_compress_ptr info) {
      destination_of(info).take(destination_of(info).piece.size() - info->dest->free_in_buffer);
    };
  }
  ~Encoder() { jpeg_destroy_compress(&info_); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // `step` must own nothing: an error jumps out of it.
  template <class Step>
  bool attempt(const Step& step) {
    if (setjmp(errors_.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
    step(info_, destination_);
    return true;
  }
  std::string_view message() const { return errors_.message; }
  PieceByPiece& destination() { return destination_; }

 private:
  jpeg_compress_struct info_{};
  JpegErrors errors_{};
  PieceByPiece destination_{};
};

void write_exif(j_compress_ptr info, std::span<const std::byte> exif) {
  constexpr std::array<unsigned char, 6> kPrefix{'E', 'x', 'i', 'f', 0, 0};
  constexpr std::size_t kSegmentBytes = 65533;
  if (exif.empty() || exif.size() > kSegmentBytes - kPrefix.size()) return;
  jpeg_write_m_header(info, JPEG_APP0 + 1, static_cast<unsigned>(kPrefix.size() + exif.size()));
  for (const unsigned char byte : kPrefix) jpeg_write_m_byte(info, byte);
  for (const std::byte byte : exif) jpeg_write_m_byte(info, std::to_integer<int>(byte));
}

void write_profile(j_compress_ptr info, std::span<const std::byte> profile) {
  constexpr std::size_t kMaxProfile = std::size_t{255} * 65519;  // in as many segments as can be numbered
  if (profile.empty() || profile.size() > kMaxProfile) return;
  jpeg_write_icc_profile(info, reinterpret_cast<const JOCTET*>(profile.data()), static_cast<unsigned>(profile.size()));
}

}  // namespace

Result<std::vector<std::byte>> encode_jpeg(const RgbPicture& picture, const PictureTags& tags,
                                           const JpegOptions& options) {
  if (options.quality < 1 || options.quality > 100)
    return failure(ErrorCode::invalid_argument, "the quality of a JPEG is 1 to 100, not ", options.quality);
  const std::string size = text(picture.width, "x", picture.height);
  if (picture.width > kMaxSide || picture.height > kMaxSide) {
    return failure(ErrorCode::unsupported, "a JPEG has at most ", kMaxSide, " pixels a side, the picture has ", size,
                   ": write a .png");
  }
  Encoder encoder;
  const bool encoded = encoder.attempt([&](jpeg_compress_struct& info, PieceByPiece& destination) {
    jpeg_create_compress(&info);
    info.dest = &destination;
    info.image_width = static_cast<JDIMENSION>(picture.width);
    info.image_height = static_cast<JDIMENSION>(picture.height);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, options.quality, TRUE);
    // Only the first component, luma, has pixels of its own for each of colour.
    for (int c = 0; c < info.num_components; ++c) {
      info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = c == 0 && options.half_colour ? 2 : 1;
    }
    jpeg_start_compress(&info, TRUE);
    write_exif(&info, tags.exif);
    write_profile(&info, tags.icc_profile);
    while (info.next_scanline < info.image_height) {
      auto* row = const_cast<JSAMPROW>(picture.rgb + std::size_t{3} * info.image_width * info.next_scanline);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  });
  if (!encoded)
    return failure(ErrorCode::invalid_argument, "cannot make a JPEG of ", size, " pixels: ", encoder.message());
  if (encoder.destination().out_of_memory)
    return failure(ErrorCode::out_of_memory, "cannot make a JPEG of ", size, " pixels: not enough memory");
  return std::move(encoder.destination().file);
}

}  // namespace mobilenet::encoding
