// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// JPEG through libjpeg-turbo, with its accurate DCT and smooth chroma upsampling, which PIL uses too. As in PIL,
// warnings about damaged data are no errors, but a file that ends before its last pixel is refused.

// jpeglib.h takes FILE for granted.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pictures/decode.h"
#include "pictures/jpeg_errors.h"

namespace mobilenet {
namespace {

constexpr int kSegmentBytes = 0xffff;

// Keeps a small hostile progressive file from taking minutes.
void limit_scans(j_common_ptr info) {
  constexpr int kMaxScans = 500;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* const handler = static_cast<JpegErrors*>(info->err);
  std::strcpy(handler->message, "it has more than 500 scans");
  std::longjmp(handler->jump, 1);  // NOLINT(cert-err52-cpp)
}

// The whole file lies in memory: when libjpeg asks for more, it is truncated, and every call says so.
boolean no_more_bytes(j_decompress_ptr) { return FALSE; }

void skip_bytes(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const std::size_t skipped = std::min(static_cast<std::size_t>(count), info->src->bytes_in_buffer);
  info->src->next_input_byte += skipped;
  info->src->bytes_in_buffer -= skipped;
}

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> file) {
    info_.err = &errors_;
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(file.data());
    source_.bytes_in_buffer = file.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = no_more_bytes;
    source_.skip_input_data = skip_bytes;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = [](j_decompress_ptr) {};
    progress_.progress_monitor = limit_scans;
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Runs step(info), which returns false where the file ended too early. `step` must own nothing: an error jumps out.
  template <class Step>
  bool attempt(const Step& step) {
    if (setjmp(errors_.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
    if (step(info_)) return true;
    std::strcpy(errors_.message, "it is truncated");
    return false;
  }
  // Why attempt() failed.
  Error error(std::string_view name) const {
    const bool memory = errors_.msg_code == JERR_OUT_OF_MEMORY;
    return failure(memory ? ErrorCode::out_of_memory : ErrorCode::bad_format, name,
                   ": is not a readable JPEG picture: ", std::string_view(errors_.message));
  }
  const jpeg_decompress_struct& info() const { return info_; }

  // Pixels are decoded at so many eighths of their size from now on: from the lower frequencies alone.
  void set_eighths(unsigned eighths) {
    info_.scale_num = eighths;
    info_.scale_denom = 8;
  }

  bool read_header() {
    return attempt([&](jpeg_decompress_struct& info) {
      jpeg_create_decompress(&info);
      info.src = &source_;
      info.progress = &progress_;
      jpeg_save_markers(&info, JPEG_APP0 + 1, kSegmentBytes);
      jpeg_save_markers(&info, JPEG_APP0 + 2, kSegmentBytes);
      return jpeg_read_header(&info, TRUE) == JPEG_HEADER_OK;
    });
  }

  // Only before the pixels are decoded.
  PictureMetadata metadata() {
    static constexpr std::string_view kExif("Exif\0\0", 6), kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
    PictureMetadata found;
    for (const jpeg_marker_struct* marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      if (marker->marker != JPEG_APP0 + 1) continue;
      const std::span content(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
      const std::string_view text(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (text.starts_with(kExif)) {  // blocks of more than a segment go on in the next
        const auto part = found.exif.empty() ? without_exif_prefix(content) : content.subspan(kExif.size());
        found.exif.insert(found.exif.end(), part.begin(), part.end());
      } else if (text.starts_with(kXmp)) {
        found.xmp.assign(content.begin() + kXmp.size(), content.end());
      }
    }
    JOCTET* profile = nullptr;
    unsigned int bytes = 0;
    attempt([&](jpeg_decompress_struct& info) { return jpeg_read_icc_profile(&info, &profile, &bytes) != FALSE; });
    const std::unique_ptr<JOCTET, void (*)(void*)> owner(profile, &std::free);
    const auto* const first = reinterpret_cast<const std::byte*>(profile);
    if (profile != nullptr) found.icc_profile.assign(first, first + bytes);
    return found;
  }

 private:
  jpeg_decompress_struct info_{};
  JpegErrors errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
};

// As libjpeg rounds.
std::int64_t scaled(std::int64_t side, unsigned eighths) { return (side * eighths + 7) / 8; }

// Eighths, quarters and halves, as PIL's draft() has them; others have no vector instructions in libjpeg-turbo.
unsigned eighths_of(std::int64_t width, std::int64_t height, int shorter_side) {
  if (shorter_side > 0)
    for (const unsigned eighths : {1u, 2u, 4u})
      if (scaled(std::min(width, height), eighths) >= shorter_side) return eighths;
  return 8;
}

// PIL takes every four-channel JPEG as Adobe writes them, with inverted inks, and converts ink to light like this.
void cmyk_to_rgb(const unsigned char* inverted, unsigned char* rgb, int pixels) {
  for (int i = 0; i < pixels; ++i, inverted += 4, rgb += 3) {
    const int light = inverted[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - inverted[c]) * light + 128;
      rgb[c] = static_cast<unsigned char>(std::clamp(light - (((product >> 8) + product) >> 8), 0, 255));
    }
  }
}

}  // namespace

Result<DecodedPicture> decode_jpeg(const PictureFile& file) {
  MOBILENET_CHECK(check_stored_numbers(file, PixelKind::colours));
  Decoder decoder(file.bytes);
  if (!decoder.read_header()) return decoder.error(file.name);
  const int channels = decoder.info().num_components;
  if (channels != 1 && channels != 3 && channels != 4)
    return failure(ErrorCode::unsupported, file.name, ": is a JPEG picture of ", channels,
                   " channels, expected 1 (grey), 3 (colours) or 4 (inks)");
  const std::int64_t width = decoder.info().image_width, height = decoder.info().image_height;
  MOBILENET_CHECK(check_size(file, width, height));
  const unsigned eighths = eighths_of(width, height, file.shorter_side);
  decoder.set_eighths(eighths);
  MOBILENET_TRY(auto picture, blank_picture(file, scaled(width, eighths), scaled(height, eighths)));
  picture.metadata = decoder.metadata();

  std::vector<unsigned char> inks(channels == 4 ? static_cast<std::size_t>(picture.width) * 4 : 0);
  const bool decoded = decoder.attempt([&](jpeg_decompress_struct& info) {
    info.out_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    if (!jpeg_start_decompress(&info)) return false;
    while (info.output_scanline < info.output_height) {
      unsigned char* const target = picture.row(info.output_scanline);
      JSAMPROW row = channels == 4 ? inks.data() : target;
      if (jpeg_read_scanlines(&info, &row, 1) != 1) return false;
      if (channels == 4) cmyk_to_rgb(inks.data(), target, picture.width);
    }
    jpeg_finish_decompress(&info);  // every pixel is there: whether an end marker follows does not matter
    return true;
  });
  if (!decoded) return decoder.error(file.name);
  return picture;
}

}  // namespace mobilenet
