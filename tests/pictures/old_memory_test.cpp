// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a broken picture decodes to must not depend on what memory held before: other people's pictures, addresses,
// keys. Every file is decoded twice over heap and stack that were filled with different bytes; a pixel that nobody
// wrote shows as a difference. Without glibc's allocator, as under a sanitizer, only the stack differs.

#include <gtest/gtest.h>
#include <malloc.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <span>

#include "pictures/damaged_file.h"
#include "pictures/picture_files.h"

namespace mobilenet::testing {
namespace {

constexpr DecodeOptions kSmallPictures{.max_pixels = 1 << 20};
constexpr int kFills[] = {0x11, 0xee};

// Leaves `fill` on the stack below the caller's frame, where the decoders' tables will lie.
[[gnu::noinline]] void fill_stack(int fill) {
  volatile unsigned char below[1 << 17];
  for (volatile unsigned char& byte : below) byte = static_cast<unsigned char>(fill);
}

[[gnu::noinline]] Result<Image> decode_over(std::span<const std::byte> file, int fill) {
  mallopt(M_PERTURB, fill);  // new blocks hold the complement of this byte, freed ones this byte
  fill_stack(fill);
  Result<Image> image = Image::decode(file, kSmallPictures);
  mallopt(M_PERTURB, 0);
  return image;
}

void expect_same_pixels(std::span<const std::byte> file, const std::string& what) {
  const Result<Image> first = decode_over(file, kFills[0]), second = decode_over(file, kFills[1]);
  ASSERT_EQ(static_cast<bool>(first), static_cast<bool>(second)) << what;
  if (!first) return;
  ASSERT_EQ(first->width(), second->width()) << what;
  ASSERT_EQ(first->height(), second->height()) << what;
  const auto bytes = static_cast<std::size_t>(first->width()) * static_cast<std::size_t>(first->height()) * 3;
  const auto* a = static_cast<const std::uint8_t*>(first->view().planes[0]);
  const auto* b = static_cast<const std::uint8_t*>(second->view().planes[0]);
  const auto differs = std::mismatch(a, a + bytes, b).first - a;
  EXPECT_EQ(differs, static_cast<std::ptrdiff_t>(bytes)) << what << ": pixel " << differs / 3 << " was never written";
}

void put_little(Bytes& file, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i));
}

std::size_t find_marker(const Bytes& file, std::uint8_t marker, std::size_t from) {
  for (std::size_t at = from; at + 4 < file.size(); ++at)
    if (file[at] == std::byte{0xff} && file[at + 1] == std::byte{marker}) return at;
  throw std::logic_error("the JPEG has no such marker");
}

constexpr std::uint8_t kStartOfScan = 0xda, kHuffmanTable = 0xc4;

// Warns first (bytes too many before the second scan), and only then has a table that ends decoding.
Bytes jpeg_with_a_bad_table_after_a_warning() {
  Bytes file = jpeg_file(JpegKind::progressive, 67, 45);
  const std::size_t table = find_marker(file, kHuffmanTable, find_marker(file, kStartOfScan, 0) + 2);
  for (std::size_t i = 0; i < 16; ++i)
    file[table + 5 + i] = std::byte{0xff};  // 16 counts: more codes than there can be
  const std::byte junk[] = {std::byte{0x12}, std::byte{0x34}, std::byte{0x56}};
  file.insert(file.begin() + static_cast<long>(table), std::begin(junk), std::end(junk));
  return file;
}

// A BMP of `bits` a pixel whose palette has room for two colours before the pixels, which point at all of them.
Bytes bmp_with_a_short_palette(std::uint32_t bits, std::uint32_t colours_said) {
  constexpr std::uint32_t kHeaders = 54, kPalette = 8, kWidth = 33, kHeight = 5;
  const std::uint32_t row_bytes = (kWidth * bits + 31) / 32 * 4;
  Bytes file(kHeaders + kPalette + row_bytes * kHeight);
  for (std::size_t i = kHeaders; i < file.size(); ++i) file[i] = static_cast<std::byte>(i * 37);
  std::memcpy(file.data(), "BM", 2);
  put_little(file, 2, static_cast<std::uint32_t>(file.size()));
  put_little(file, 10, kHeaders + kPalette);
  put_little(file, 14, 40);
  put_little(file, 18, kWidth);
  put_little(file, 22, kHeight);
  put_little(file, 26, 1 | bits << 16);
  put_little(file, 46, colours_said);
  return file;
}

TEST(OldMemory, NeverBecomesPixelsOfKnownDamage) {
  std::vector<NamedFile> files = {{"JPEG, fatal after a warning", jpeg_with_a_bad_table_after_a_warning()}};
  for (const std::uint32_t bits : {1u, 4u, 8u})
    for (const std::uint32_t said : {0u, 1u, 2u, 200u})
      files.push_back({"BMP of " + std::to_string(bits) + " bits, " + std::to_string(said) + " colours said",
                       bmp_with_a_short_palette(bits, said)});
  for (const NamedFile& file : files) expect_same_pixels(file.bytes, file.name);
}

TEST(OldMemory, NeverBecomesPixelsOfCutFiles) {
  for (const NamedFile& file : one_file_of_each_kind(41, 23)) {
    const std::size_t step = std::max<std::size_t>(1, file.bytes.size() / 150);
    for (std::size_t length = 0; length <= file.bytes.size(); length += step)
      expect_same_pixels(std::span(file.bytes).first(length), file.name + " cut to " + std::to_string(length));
  }
}

TEST(OldMemory, NeverBecomesPixelsOfDamagedFiles) {
  constexpr unsigned kSeed = 20261126;
  constexpr int kDamagesPerFile = 500;
  std::minstd_rand chance(kSeed);
  for (const NamedFile& file : one_file_of_each_kind(41, 23)) {
    if (file.name == "HEIC") continue;  // libde265 1.0.11 leaves pixels of slices that are missing as they were
    for (int i = 0; i < kDamagesPerFile; ++i) {
      Bytes bytes = damaged(file.bytes, chance);
      if (file.name.find("PNG") != std::string::npos && chance() % 4) repair_png_checksums(bytes);
      expect_same_pixels(bytes, file.name + ", damage " + std::to_string(i) + " of seed " + std::to_string(kSeed));
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
