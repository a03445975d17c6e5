// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Videos are told from pictures by their first bytes.

#include <gtest/gtest.h>
#include <mobilenet/video.h>

#include <string>

namespace mobilenet::testing {
namespace {

bool video(const std::string& head) { return is_video(std::as_bytes(std::span(head))); }

std::string packets(std::size_t count) {
  std::string head(188 * count, 'x');
  for (std::size_t i = 0; i < count; ++i) head[188 * i] = 'G';
  return head;
}

TEST(VideoKind, VideosAndAnimations) {
  using namespace std::string_literals;
  for (const std::string& head :
       {"\0\0\0\x18"
        "ftypmp42\0\0\0\0"s,
        "\0\0\0\x14"
        "ftypqt  \0\0\0\0"s,
        "\0\0\x10\0moov...."s, "\0\0\x10\0mdat...."s, "\x1a\x45\xdf\xa3........"s, "RIFF....AVI LIST"s,
        "GIF89a\1\0\1\0\0\0\0!\xff\x0bNETSCAPE2.0\3\1\0\0\0"s, "FLV\x01........"s, "OggS........"s,
        "YUV4MPEG2 W320 H240"s, "\0\0\1\xba........"s, packets(5)})
    EXPECT_TRUE(video(head)) << head;
}

TEST(VideoKind, PicturesAndOthers) {
  using namespace std::string_literals;
  for (const std::string& head : {"\xff\xd8\xff\xe0\0\x10JFIF\0\1"s, "\x89PNG\r\n\x1a\n\0\0\0\r"s, "RIFF....WEBPVP8 "s,
                                  "BM........\0\0"s, "GIF89a......"s, "GIF87a......"s,
                                  "\0\0\0\x18"
                                  "ftypheic\0\0\0\0"s,
                                  "\0\0\0\x18"
                                  "ftypavif\0\0\0\0"s,
                                  ""s, "G"s, packets(2), packets(3) + "y" + std::string(187, 'x'), "hello, world!"s})
    EXPECT_FALSE(video(head)) << head;
}

}  // namespace
}  // namespace mobilenet::testing
