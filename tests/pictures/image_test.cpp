// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Decoding: size, orientation and refusals of every format. That the pixels equal Pillow's is pillow_test's business;
// here only what can be known without it.

#include <gtest/gtest.h>
#include <mobilenet/image.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "pictures/picture_files.h"

namespace mobilenet::testing {
namespace {

constexpr std::array kHuffmanTable{std::byte{0xff}, std::byte{0xc4}};  // the marker of a segment

std::span<const std::byte> text(std::string_view bytes) {
  return {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
}

std::string error_of(std::span<const std::byte> file, const DecodeOptions& options = {}) {
  const Result<Image> image = Image::decode(file, options, "holiday.jpg");
  return image ? "no error" : image.error().message;
}

TEST(Image, KindsAreRecognisedByContent) {
  for (const NamedFile& file : one_file_of_each_kind(23, 17)) {
    const Result<Image> image = Image::decode(file.bytes);
    ASSERT_TRUE(image) << file.name << ": " << image.error().message;
    EXPECT_EQ(image->width(), 23) << file.name;
    EXPECT_EQ(image->height(), 17) << file.name;
    const ImageView view = *image;
    EXPECT_EQ(view.row_bytes[0], 23 * 3) << file.name;
    EXPECT_EQ(view.format, PixelFormat::rgb) << file.name;
  }
}

TEST(Image, OpensFilesWhateverTheirName) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "picture_without_extension";
  const Bytes bytes = png_file(PngKind::rgb, 5, 4);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
  const Result<Image> image = Image::open(path);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->width(), 5);
  std::filesystem::remove(path);

  const Result<Image> missing = Image::open(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().message.find("picture_without_extension"), std::string::npos);
}

TEST(Image, OpensPipesAndOnlyWhatBeginsLikeAPicture) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "picture_pipe";
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Bytes bytes = png_file(PngKind::rgb, 200, 100);
  std::thread writer([&] {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  });
  const Result<Image> image = Image::open(path);
  writer.join();
  std::filesystem::remove(path);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->width(), 200);

  // 1 TiB of nothing, which no memory holds.
  std::ofstream(path, std::ios::binary) << "%PDF-1.7";
  std::error_code error;
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40, error);
  if (error) GTEST_SKIP() << "needs a file system with sparse files";
  EXPECT_EQ(Image::open(path, {.max_pixels = 0}).error().message.find(path.string() + ": has 1099511627776 bytes"), 0u);
  std::filesystem::resize_file(path, std::uintmax_t{1} << 30);
  EXPECT_EQ(Image::open(path).error().message, path.string() + ": is a PDF document; draw it as a PNG first");
  std::filesystem::remove(path);
}

TEST(Image, LosslessPixelsSurvive) {
  // In an 8-bit BMP, bottom row first, value v means (v * 3, v * 2, v) by the palette that bmp_file writes.
  const Bytes file = bmp_file(BmpKind::bits_8, 4, 3);
  const Image image = Image::decode(file).value();
  const auto* rgb = static_cast<const unsigned char*>(image.view().planes[0]);
  const auto* stored = reinterpret_cast<const unsigned char*>(file.data()) + 54 + 1024;
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 4; ++x) {
      const unsigned colour = stored[(2 - y) * 4 + x] * 0x010203u & 0xffffffu;
      for (int c = 0; c < 3; ++c) EXPECT_EQ(rgb[(y * 4 + x) * 3 + c], colour >> (16 - 8 * c) & 255) << x << ' ' << y;
    }
}

TEST(Image, OrientationComesFromExif) {
  for (int value = 0; value <= 9; ++value) {
    const Orientation expected = value >= 1 && value <= 8 ? static_cast<Orientation>(value) : Orientation::upright;
    const Bytes exif = exif_block(value);
    const NamedFile files[] = {{"JPEG", jpeg_file(JpegKind::baseline, 8, 6, exif)},
                               {"PNG", png_file(PngKind::rgb, 8, 6, exif)},
                               {"WebP", webp_file(WebpKind::lossy, 8, 6, exif)}};
    for (const NamedFile& file : files) {
      const Result<Image> image = Image::decode(file.bytes);
      ASSERT_TRUE(image) << file.name << ": " << image.error().message;
      EXPECT_EQ(image->orientation(), expected) << file.name << " with " << value;
      EXPECT_EQ(image->width(), 8) << file.name;
    }
  }
}

TEST(Image, BrokenExifCountsAsUpright) {
  Bytes huge_count = exif_block(6);
  std::memset(huge_count.data() + 14, 0xff, 4);
  Bytes far_directory = exif_block(6);
  std::memset(far_directory.data() + 4, 0x7f, 4);
  Bytes wrong_type = exif_block(6);
  wrong_type[12] = std::byte{2};
  for (const Bytes& exif : {Bytes(3), Bytes(40), huge_count, far_directory, wrong_type}) {
    const Result<Image> image = Image::decode(jpeg_file(JpegKind::baseline, 8, 6, exif));
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->orientation(), Orientation::upright);
  }
}

TEST(Image, OrientationCanBeReplaced) {
  Image image = Image::decode(jpeg_file(JpegKind::baseline, 8, 6, exif_block(6))).value();
  EXPECT_EQ(image.view().upright_width(), 6);
  image.set_orientation(Orientation::rotate_180);
  EXPECT_EQ(image.view().upright_width(), 8);
  EXPECT_EQ(image.view().orientation, Orientation::rotate_180);
}

TEST(Image, ExifNumbersOutsideOneToEightAreUpright) {
  for (const int value : {-1, 0, 9, 256, 262}) EXPECT_EQ(orientation_from_exif(value), Orientation::upright) << value;
  EXPECT_EQ(orientation_from_exif(8), Orientation::rotate_270);
}

TEST(Image, TheLimitOnPixelsComesBeforeDecoding) {
  for (const NamedFile& file : one_file_of_each_kind(40, 30)) {
    EXPECT_TRUE(Image::decode(file.bytes, {.max_pixels = 1200})) << file.name;
    EXPECT_TRUE(Image::decode(file.bytes, {.max_pixels = 0})) << file.name;
    const Result<Image> image = Image::decode(file.bytes, {.max_pixels = 1199});
    ASSERT_FALSE(image) << file.name;
    EXPECT_EQ(image.error().code, ErrorCode::out_of_memory) << file.name;
    EXPECT_NE(image.error().message.find("40x30"), std::string::npos) << image.error().message;
  }
  // A header alone is enough to refuse: nothing behind it is looked at.
  Bytes bomb = png_file(PngKind::rgb, 8, 8);
  std::memset(bomb.data() + 16, 0, 8);
  bomb[17] = bomb[21] = std::byte{2};  // 131072 x 131072
  repair_png_checksums(bomb);
  EXPECT_NE(error_of(bomb).find("131072x131072"), std::string::npos) << error_of(bomb);
}

TEST(Image, WhatIsNoPictureIsNamed) {
  using namespace std::string_view_literals;
  const std::string tar = std::string(257, '\0') + "ustar", dicom = std::string(128, '\0') + "DICM";
  struct Case {
    std::string_view bytes, expected;
  };
  const Case cases[] = {
      {"", "is empty"},
      {"x", "is not a picture that is known; JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC and AVIF are read"},
      {"hello, world", "is not a picture that is known; JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC and AVIF are read"},
      {"\x89PNG", "is not a picture that is known; JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC and AVIF are read"},
      {"\0\0\0\x18"
       "ftypcrx \0\0\0\1"sv,
       "is a camera's raw picture (CR3); develop it to JPEG or PNG first"},
      {"\0\0\0\x14"
       "ftypqt  "sv,
       "is a QuickTime video (MOV); save its frames as JPEG or PNG pictures first"},
      {"\0\0\0\x20"
       "ftypisom\0\0\2\0isomavc1"sv,
       "is an MP4 video; save its frames as JPEG or PNG pictures first"},
      {"\0\0\0\x20"
       "ftyp"sv,
       "is an MP4 video; save its frames as JPEG or PNG pictures first"},
      {"RIFF....AVI LIST", "is an AVI video; save its frames as JPEG or PNG pictures first"},
      {"\x1a\x45\xdf\xa3", "is a Matroska or WebM video; save its frames as JPEG or PNG pictures first"},
      {"II*\0\x10\0\0\0CR\2"sv, "is a camera's raw picture (CR2); develop it to JPEG or PNG first"},
      {"\0\0\0\x0cJXL \r\n"sv, "is a JPEG XL picture; convert it to JPEG or PNG first"},
      {"\0\0\0\x0cjP  \r\n"sv, "is a JPEG 2000 picture; convert it to JPEG or PNG first"},
      {"8BPS\0\1"sv, "is a Photoshop picture (PSD); convert it to JPEG or PNG first"},
      {"P6\n640 480\n", "is a portable anymap (PPM, PGM, PBM); convert it to JPEG or PNG first"},
      {"%PDF-1.7", "is a PDF document; draw it as a PNG first"},
      {"<?xml version='1.0'?>\n<!-- a plan -->\n<svg xmlns=''>", "is an SVG drawing; draw it as a PNG first"},
      {"\n<!DOCTYPE HTML>", "is a web page; download the picture itself instead of the page about it"},
      {"\xef\xbb\xbf<HTML>", "is a web page; download the picture itself instead of the page about it"},
      {"version https://git-lfs.github.com/spec/v1",
       "is a Git LFS pointer, not the picture itself; fetch the file that it stands for with git lfs pull"},
      {"PK\3\4", "is a zip archive; unpack it and open the pictures inside"},
      {tar, "is a tar archive; unpack it and open the pictures inside"},
      {dicom, "is a DICOM picture; convert it to JPEG or PNG first"},
      {"\x1c\0\0\0TFL3"sv, "is a .tflite model; open it as the model"},
  };
  for (const Case& c : cases) EXPECT_EQ(error_of(text(c.bytes)), "holiday.jpg: " + std::string(c.expected)) << c.bytes;
  for (const std::string_view bytes : {"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF\x10..\x10WEBPVP8 ", "BM",
                                       "BM0123456789012345678901234567890", "GIF89a........"}) {
    EXPECT_EQ(error_of(text(bytes)).rfind("holiday.jpg: is not a readable ", 0), 0u) << error_of(text(bytes));
  }
}

// A picture whose last pixels are missing is refused, at every length.
TEST(Image, TruncatedFilesAreRefused) {
  for (const NamedFile& file : one_file_of_each_kind(19, 21)) {
    // Behind its last pixel, a PNG has two checksums and an end marker, a BMP's row up to 3 bytes of padding, which
    // Pillow does not ask for either.
    const bool png = file.name.find("PNG") != std::string::npos, bmp = file.name.find("BMP") != std::string::npos;
    // Behind its last pixel, a GIF has an empty block and a mark, and these TIFFs the name of the program, or a
    // profile.
    const bool gif = file.name.find("GIF") != std::string::npos, tiff = file.name.find("TIFF") != std::string::npos;
    const std::size_t tail = png ? 20 : bmp ? 3 : gif ? 2 : tiff ? 6 : 0;
    for (std::size_t length = 0; length + tail < file.bytes.size(); ++length) {
      const Result<Image> image = Image::decode(std::span(file.bytes).first(length));
      ASSERT_FALSE(image) << file.name << " cut to " << length << " of " << file.bytes.size() << " bytes";
    }
  }
}

TEST(Image, HarmlessWarningsOfJpegAreNotErrors) {
  Bytes file = jpeg_file(JpegKind::baseline, 33, 20);
  file.insert(file.end() - 2, {std::byte{0x12}, std::byte{0x34}});  // extraneous bytes before the end marker
  const Result<Image> image = Image::decode(file);
  EXPECT_TRUE(image) << image.error().message;
  EXPECT_FALSE(Image::decode(std::span(file).first(file.size() - 2)));  // and without the marker
}

// An error behind a warning is an error: the decoder stops there, and what it had not written is nobody's picture.
TEST(Image, ErrorsOfJpegBehindWarningsAreErrors) {
  for (const JpegKind kind : {JpegKind::baseline, JpegKind::progressive}) {
    Bytes file = jpeg_file(kind, 33, 20);
    const auto table = std::search(file.begin(), file.end(), kHuffmanTable.begin(), kHuffmanTable.end());
    ASSERT_NE(table, file.end());
    const Bytes junk(2, std::byte{0x12});
    const auto broken = file.insert(table, junk.begin(), junk.end()) + 2;
    EXPECT_TRUE(Image::decode(file)) << "junk between segments is a warning";
    std::fill_n(broken + 5, 16, std::byte{0xff});  // more codes than there can be
    EXPECT_EQ(error_of(file), "holiday.jpg: is not a readable JPEG picture: Bogus Huffman table definition");
  }
}

TEST(Image, PaletteOfBmpMayBeShort) {
  // Four pixels of a palette of two colours: values without one are black, whatever lies behind.
  Bytes file = bmp_file(BmpKind::bits_8, 4, 1);
  file.erase(file.begin() + 54 + 8, file.begin() + 54 + 1024);
  file[10] = std::byte{54 + 8};
  file[11] = std::byte{0};
  file[46] = std::byte{2};
  for (std::size_t x = 0; x < 4; ++x) file[54 + 8 + x] = static_cast<std::byte>(x == 3 ? 255 : x);
  const Result<Image> image = Image::decode(file);
  ASSERT_TRUE(image) << image.error().message;
  const auto* rgb = static_cast<const unsigned char*>(image->view().planes[0]);
  EXPECT_EQ(std::vector<int>(rgb, rgb + 12), (std::vector<int>{0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0}));
  file[49] = std::byte{1};  // 16,777,218 colours
  EXPECT_EQ(error_of(file),
            "holiday.jpg: is not a readable BMP picture: its palette has an impossible number of colours");
}

TEST(Image, ExifAndProfileAreKept) {
  const Bytes exif = exif_block(6), upright = exif_block(1);
  for (const NamedFile& file : {NamedFile{"JPEG", jpeg_file(JpegKind::baseline, 8, 6, exif)},
                                NamedFile{"PNG", png_file(PngKind::rgb, 8, 6, exif)},
                                NamedFile{"WebP", webp_file(WebpKind::lossy, 8, 6, exif)}}) {
    const Image image = Image::decode(file.bytes).value();
    EXPECT_TRUE(std::ranges::equal(image.exif(), exif)) << file.name;
    EXPECT_EQ(image.upright_exif().value(), upright) << file.name;
    EXPECT_TRUE(image.icc_profile().empty()) << file.name;
  }
  EXPECT_TRUE(Image::decode(bmp_file(BmpKind::bits_24, 8, 6)).value().upright_exif().value().empty());
}

TEST(Image, CompressedBmpIsUnsupported) {
  Bytes file = bmp_file(BmpKind::bits_8, 4, 4);
  file[30] = std::byte{1};
  const Result<Image> image = Image::decode(file);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace mobilenet::testing
