// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Thousands of damaged picture files: whatever the bytes, decoding ends with a picture or a sentence. The sanitizer
// builds make this test sharp.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <cstring>
#include <random>

#include "pictures/damaged_file.h"
#include "pictures/picture_files.h"

namespace mobilenet::testing {
namespace {

constexpr DecodeOptions kSmallPictures{.max_pixels = 1 << 20};
constexpr int kDamagesPerFile = 600;

void expect_picture_or_sentence(std::span<const std::byte> file, const std::string& what) {
  // A copy of exactly this size, so that a read behind the end is a read outside the allocation.
  const std::unique_ptr<std::byte[]> exact(new std::byte[file.size()]);
  if (!file.empty()) std::memcpy(exact.get(), file.data(), file.size());
  const Result<Image> image = Image::decode({exact.get(), file.size()}, kSmallPictures);
  if (!image) {
    EXPECT_FALSE(image.error().message.empty()) << what;
    return;
  }
  EXPECT_GE(image->width(), 1) << what;
  EXPECT_GE(image->height(), 1) << what;
  const auto bytes = static_cast<std::size_t>(image->width()) * static_cast<std::size_t>(image->height()) * 3;
  const auto* pixels = static_cast<const std::uint8_t*>(image->view().planes[0]);
  unsigned sum = 0;
  for (std::size_t i = 0; i < bytes; ++i) sum += pixels[i];  // all of them are there
  EXPECT_LE(sum, bytes * 255) << what;
}

TEST(HostilePicture, EveryTruncation) {
  for (const NamedFile& file : one_file_of_each_kind(19, 13))
    for (std::size_t length = 0; length <= file.bytes.size(); ++length)
      expect_picture_or_sentence(std::span(file.bytes).first(length), file.name + " cut to " + std::to_string(length));
}

TEST(HostilePicture, RandomDamage) {
  constexpr unsigned kSeed = 20240229;
  std::minstd_rand chance(kSeed);
  for (const NamedFile& file : one_file_of_each_kind(19, 13))
    for (int i = 0; i < kDamagesPerFile; ++i) {
      Bytes bytes = damaged(file.bytes, chance);
      if (file.name.find("PNG") != std::string::npos && chance() % 4) repair_png_checksums(bytes);
      expect_picture_or_sentence(bytes,
                                 file.name + ", damage " + std::to_string(i) + " of seed " + std::to_string(kSeed));
    }
}

TEST(HostilePicture, RandomBytesBehindEverySignature) {
  std::minstd_rand chance(7);
  const std::string_view signatures[] = {"\xff\xd8\xff", {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16}, "RIFF", "BM"};
  for (const std::string_view signature : signatures)
    for (int i = 0; i < kDamagesPerFile; ++i) {
      Bytes bytes(signature.size() + chance() % 200);
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(chance() >> 8);
      std::memcpy(bytes.data(), signature.data(), signature.size());
      if (signature == "RIFF" && bytes.size() >= 16) std::memcpy(bytes.data() + 8, "WEBPVP8", 7);
      expect_picture_or_sentence(bytes, "random bytes " + std::to_string(i));
    }
}

}  // namespace
}  // namespace mobilenet::testing
