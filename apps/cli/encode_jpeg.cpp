// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// JPEG through TurboJPEG.

#include <turbojpeg.h>

#include <memory>
#include <string>
#include <type_traits>

#include "cli/encode_picture.h"

namespace mobilenet::cli {
namespace {

constexpr int kQuality = 92;
constexpr int kMaxSide = 65535;  // the format's sizes have 16 bits

struct DestroyHandle {
  void operator()(tjhandle handle) const { tjDestroy(handle); }
};
struct FreeBuffer {
  void operator()(unsigned char* buffer) const { tjFree(buffer); }
};

}  // namespace

Result<std::vector<std::byte>> encode_jpeg(const RgbPicture& picture) {
  const std::string size = std::to_string(picture.width) + 'x' + std::to_string(picture.height);
  if (picture.width <= 0 || picture.height <= 0 ||
      picture.rgb.size() != 3 * static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height)) {
    return Error{ErrorCode::invalid_argument,
                 "cannot make a JPEG of " + size + " pixels from " + std::to_string(picture.rgb.size()) + " bytes"};
  }
  if (picture.width > kMaxSide || picture.height > kMaxSide) {
    return Error{ErrorCode::unsupported, "a JPEG has at most " + std::to_string(kMaxSide) +
                                             " pixels a side, the picture has " + size + ": write a .png"};
  }
  const std::unique_ptr<std::remove_pointer_t<tjhandle>, DestroyHandle> encoder(tjInitCompress());
  if (!encoder) return Error{ErrorCode::out_of_memory, "cannot make a JPEG: " + std::string(tjGetErrorStr2(nullptr))};
  unsigned char* buffer = nullptr;
  unsigned long bytes = 0;
  const int code = tjCompress2(encoder.get(), picture.rgb.data(), picture.width, 0, picture.height, TJPF_RGB, &buffer,
                               &bytes, TJSAMP_444, kQuality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, FreeBuffer> owner(buffer);
  if (code != 0) {
    return Error{ErrorCode::invalid_argument,
                 "cannot make a JPEG of " + size + " pixels: " + tjGetErrorStr2(encoder.get())};
  }
  const auto* first = reinterpret_cast<const std::byte*>(buffer);
  return std::vector<std::byte>(first, first + bytes);
}

}  // namespace mobilenet::cli
