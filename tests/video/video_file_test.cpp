// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Video files: as many frames come out as went in, at their times, in their colours, upright; broken files end.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <mobilenet/video.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <thread>

#include "video/clip.h"

namespace mobilenet::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kFrames = 40;
constexpr double kTick = 1.0 / 1000;  // Matroska's times are milliseconds
constexpr int kColours = 25;          // what 4:2:0 and the codec may move a level in the middle of an area

class VideoFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto able = can_write_video("a.mp4"); !able) GTEST_SKIP() << able.error().message;
    folder_ = fs::temp_directory_path() /
              ("mobilenet_video_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  std::string clip(int width = 160, int height = 96, int frames = kFrames, const char* name = "clip.mp4") const {
    const fs::path path = folder_ / name;
    write_clip(path, width, height, frames);
    return path.string();
  }

  fs::path folder_;
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// Reads all of it; what it says of itself must hold.
struct Seen {
  int frames = 0;
  std::vector<int> numbers;
  std::string error;
};
Seen read_all(const std::string& path, const VideoOptions& options = {.rgb = true}) {
  Seen seen;
  auto reader = VideoReader::open(path, options);
  if (!reader) {
    seen.error = reader.error().message;
    return seen;
  }
  double last = -1;
  VideoFrame frame;
  for (;;) {
    const auto more = reader->next(frame);
    if (!more) {
      seen.error = more.error().message;
      return seen;
    }
    if (!*more) return seen;
    EXPECT_GT(frame.seconds(), last);
    EXPECT_EQ(frame.number(), seen.frames);
    last = frame.seconds();
    ++seen.frames;
    if (options.rgb) seen.numbers.push_back(number_of(frame.view()));
  }
}

TEST_F(VideoFiles, EveryFrameComesBackAtItsTime) {
  for (const char* name : {"a.mp4", "a.mov", "a.mkv", "a.m4v", "a.webm"}) {
    SCOPED_TRACE(name);
    if (!can_write_video(name)) continue;
    VideoReader reader = VideoReader::open(clip(160, 96, kFrames, name), {.rgb = true}).value();
    EXPECT_EQ(reader.info().width, 160);
    EXPECT_EQ(reader.info().height, 96);
    EXPECT_FALSE(reader.info().live);
    VideoFrame frame;
    for (int i = 0; i < kFrames; ++i) {
      ASSERT_TRUE(reader.next(frame).value()) << i;
      EXPECT_EQ(number_of(frame.view()), i);
      EXPECT_NEAR(frame.seconds(), uneven_time(i), kTick);
    }
    EXPECT_FALSE(reader.next(frame).value());
    EXPECT_FALSE(reader.next(frame).value());  // an end stays one
    EXPECT_EQ(reader.damaged(), 0);
  }
}

TEST_F(VideoFiles, ColoursAreThoseThatWereWritten) {
  for (const int height : {96, 720}) {  // BT.601 and BT.709
    SCOPED_TRACE(height);
    VideoReader reader = VideoReader::open(clip(160, height, 3), {.rgb = true}).value();
    VideoFrame frame;
    ASSERT_TRUE(reader.next(frame).value());
    for (int band = 0; band < 3; ++band) {
      const auto pixel = rgb_at(frame.view(), 120, (2 * band + 1) * height / 6);
      for (int channel = 0; channel < 3; ++channel) EXPECT_NEAR(pixel[channel], channel == band ? 200 : 40, kColours);
    }
  }
}

TEST_F(VideoFiles, DecodersPixelsSayWhatTheyMean) {
  for (const int height : {96, 720}) {
    VideoReader reader = VideoReader::open(clip(160, height, 2)).value();
    VideoFrame frame;
    ASSERT_TRUE(reader.next(frame).value());
    const ImageView& view = frame.view();
    ASSERT_EQ(view.format, PixelFormat::i420);
    EXPECT_EQ(view.matrix, height == 720 ? ColourMatrix::bt709 : ColourMatrix::bt601);
    EXPECT_EQ(view.range, ColourRange::limited);
    EXPECT_NE(view.planes[2], nullptr);
    EXPECT_GE(view.row_bytes[2], 80);
    // Both ways to RGB agree.
    const Image copy = Image::upright(view).value();
    for (int band = 0; band < 3; ++band)
      for (int channel = 0; channel < 3; ++channel)
        EXPECT_NEAR(rgb_at(copy.view(), 120, (2 * band + 1) * height / 6)[channel], channel == band ? 200 : 40,
                    kColours);
  }
}

TEST_F(VideoFiles, OddSizesGainAColumnOrRow) {
  VideoReader reader = VideoReader::open(clip(161, 97, 4), {.rgb = true}).value();
  VideoFrame frame;
  ASSERT_TRUE(reader.next(frame).value());
  EXPECT_EQ(frame.view().width, 162);
  EXPECT_EQ(frame.view().height, 98);
  EXPECT_EQ(number_of(frame.view()), 0);
  EXPECT_EQ(read_all((folder_ / "clip.mp4").string()).frames, 4);
}

// The matrix of a track (ISO 14496-12, `tkhd`): a, b, u, c, d, v, x, y, w.
void set_matrix(std::string& file, int a, int b, int c, int d) {
  const std::size_t box = file.find("tkhd");
  ASSERT_NE(box, std::string::npos);
  const std::size_t at = box + 4 + 40;  // version 0: flags, times, track, duration, layer, group, volume
  const int values[9] = {a, b, 0, c, d, 0, 0, 0, 1};
  for (int i = 0; i < 9; ++i) {
    const std::int32_t fixed = values[i] * (i % 3 == 2 ? 1 << 30 : 1 << 16);
    for (int byte = 0; byte < 4; ++byte) file[at + 4 * i + byte] = static_cast<char>(fixed >> (24 - 8 * byte) & 255);
  }
}

TEST_F(VideoFiles, SayHowTheyAreTurned) {
  struct Case {
    const char* name;
    int a, b, c, d;
    Orientation orientation;
  };
  const std::string path = clip(160, 96, 2), file = bytes_of(path);
  for (const Case& turned :
       {Case{"upright", 1, 0, 0, 1, Orientation::upright}, Case{"90", 0, 1, -1, 0, Orientation::rotate_90},
        Case{"180", -1, 0, 0, -1, Orientation::rotate_180}, Case{"270", 0, -1, 1, 0, Orientation::rotate_270},
        Case{"mirrored", -1, 0, 0, 1, Orientation::flip_horizontal},
        Case{"upside down", 1, 0, 0, -1, Orientation::flip_vertical},
        Case{"transposed", 0, 1, 1, 0, Orientation::transpose},
        Case{"transverse", 0, -1, -1, 0, Orientation::transverse}}) {
    SCOPED_TRACE(turned.name);
    std::string changed = file;
    set_matrix(changed, turned.a, turned.b, turned.c, turned.d);
    write_bytes(path, changed);
    VideoReader reader = VideoReader::open(path, {.rgb = true}).value();
    VideoFrame frame;
    ASSERT_TRUE(reader.next(frame).value());
    EXPECT_EQ(frame.view().orientation, turned.orientation);
    EXPECT_EQ(frame.view().width, 160);
    EXPECT_EQ(reader.info().width, turned.a == 0 ? 96 : 160);
  }
}

TEST_F(VideoFiles, FramesOutliveTheirReader) {
  std::vector<VideoFrame> frames;
  {
    VideoReader reader = VideoReader::open(clip(160, 96, 20), {.rgb = true}).value();
    for (VideoFrame frame; reader.next(frame).value();) frames.push_back(frame);
  }
  ASSERT_EQ(frames.size(), 20u);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(number_of(frames[i].view()), static_cast<int>(i));
    threads.emplace_back([frame = std::move(frames[i])] { static_cast<void>(frame.number()); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(VideoFiles, MemoryOfFramesIsUsedAgain) {
  VideoReader reader = VideoReader::open(clip(160, 96, 60), {.rgb = true}).value();
  std::vector<const void*> seen;
  for (VideoFrame frame; reader.next(frame).value();) {
    const void* const pixels = frame.view().planes[0];
    if (std::find(seen.begin(), seen.end(), pixels) == seen.end()) seen.push_back(pixels);
  }
  EXPECT_LE(seen.size(), 2u);
}

TEST_F(VideoFiles, TruncatedOnesEndWithWhatIsThere) {
  const std::string path = clip(160, 96, kFrames, "clip.mkv");
  const std::string file = bytes_of(path);
  int last = 0;
  for (int tenth = 1; tenth <= 10; ++tenth) {
    write_bytes(path, file.substr(0, file.size() * static_cast<std::size_t>(tenth) / 10));
    const Seen seen = read_all(path);
    EXPECT_GE(seen.frames, last);  // more of the file, more frames
    last = seen.frames;
    for (std::size_t i = 0; i < seen.numbers.size(); ++i) EXPECT_EQ(seen.numbers[i], static_cast<int>(i));
  }
  EXPECT_EQ(last, kFrames);
  // Half an MP4 whose index stands at its end has no index, and a sentence says so.
  const std::string mp4 = clip();
  const std::string whole = bytes_of(mp4);
  write_bytes(mp4, whole.substr(0, 100));
  const Seen nothing = read_all(mp4);
  EXPECT_EQ(nothing.frames, 0);
  EXPECT_NE(nothing.error.find(mp4), std::string::npos) << nothing.error;
}

TEST_F(VideoFiles, DamagedOnesEnd) {
  for (const char* name : {"clip.mp4", "clip.mkv"}) {
    const std::string path = clip(160, 96, kFrames, name);
    const std::string file = bytes_of(path);
    std::mt19937 random(7);
    for (int round = 0; round < 30; ++round) {
      std::string broken = file;
      for (int i = 0; i < 20; ++i) broken[random() % broken.size()] = static_cast<char>(random());
      write_bytes(path, broken);
      const Seen seen = read_all(path);
      EXPECT_LE(seen.frames, 10 * kFrames);
    }
  }
}

TEST_F(VideoFiles, WhatIsNoVideoIsRefused) {
  const std::string path = (folder_ / "no.mp4").string();
  EXPECT_EQ(VideoReader::open(path).error().code, ErrorCode::not_found);
  for (const std::string& bytes : {std::string(), std::string("no video at all"), std::string(100'000, 'x')}) {
    write_bytes(path, bytes);
    const auto reader = VideoReader::open(path);
    ASSERT_FALSE(reader);
    EXPECT_NE(reader.error().message.find(path), std::string::npos) << reader.error().message;
  }
  // A playlist names files that nobody has asked for.
  const std::string secret = clip();
  const std::string list = (folder_ / "list.m3u8").string();
  write_bytes(list, "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n");
  EXPECT_FALSE(VideoReader::open(list));
  write_bytes(list, "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + secret + "\n#EXT-X-ENDLIST\n");
  EXPECT_FALSE(VideoReader::open(list));
  EXPECT_TRUE(VideoReader::open("file:" + secret));
  EXPECT_FALSE(VideoReader::open("nothing://of/that/kind"));
}

TEST_F(VideoFiles, PasswordsAreNotShown) {
  EXPECT_EQ(without_password("rtsp://me:secret@camera.local:554/a@b"), "rtsp://me:***@camera.local:554/a@b");
  EXPECT_EQ(without_password("rtsp://me:se@cret@camera.local"), "rtsp://me:***@camera.local");
  for (const char* same : {"rtsp://camera.local:554/a:b@c", "http://me@host/", "a:b@c.mp4", "0", ""})
    EXPECT_EQ(without_password(same), same);
  const auto refused = VideoReader::open("http://me:secret@127.0.0.1:9/clip.mp4", {.timeout = 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
}

TEST_F(VideoFiles, LargeFramesAreRefused) {
  const auto reader = VideoReader::open(clip(), {.max_pixels = 160 * 96 - 1});
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("160x96"), std::string::npos) << reader.error().message;
  EXPECT_TRUE(VideoReader::open(clip(), {.max_pixels = 160 * 96}));
}

TEST_F(VideoFiles, WrongOptionsAreRefused) {
  const std::string path = clip();
  EXPECT_FALSE(VideoReader::open(path, {.width = 640}));
  EXPECT_FALSE(VideoReader::open(path, {.fps = -1}));
  EXPECT_FALSE(VideoReader::open(path, {.timeout = 0}));
  EXPECT_FALSE(VideoReader::open(path, {.max_pixels = -1}));
  EXPECT_FALSE(can_write_video("a.txt"));
  EXPECT_FALSE(VideoWriter::create(folder_ / "a.mp4", {.width = 0, .height = 96}));
  EXPECT_FALSE(VideoWriter::create(folder_ / "a.mp4", {.width = 20'000, .height = 96}));
  EXPECT_FALSE(VideoWriter::create(folder_ / "none" / "a.mp4", {.width = 160, .height = 96}));
}

TEST_F(VideoFiles, AreInterrupted) {
  VideoReader reader = VideoReader::open(clip()).value();
  VideoFrame frame;
  ASSERT_TRUE(reader.next(frame).value());
  std::thread([&] { reader.interrupt(); }).join();
  EXPECT_FALSE(reader.next(frame).value());
}

// A pipe with a clip's first bytes in it and a writer who stays and says nothing more.
class Pipes : public VideoFiles {
 protected:
  void SetUp() override {
    VideoFiles::SetUp();
    if (IsSkipped()) return;
    path_ = (folder_ / "pipe").string();
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  }
  void TearDown() override {
    if (writer_ >= 0) close(writer_);
    VideoFiles::TearDown();
  }
  void write(const std::string& bytes, std::size_t count) {
    if (writer_ < 0) writer_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);  // so that it waits for no reader
    ASSERT_EQ(::write(writer_, bytes.data(), count), static_cast<ssize_t>(count));
  }

  std::string path_;
  int writer_ = -1;
};

TEST_F(Pipes, AreVideosToo) {
  const std::string bytes = bytes_of(clip(160, 96, kFrames, "clip.mkv"));
  std::thread writer([&] { write_bytes(path_, bytes); });
  const Seen seen = read_all(path_);
  writer.join();
  EXPECT_EQ(seen.frames, kFrames) << seen.error;
}

TEST_F(Pipes, WithoutAWriterAreRefused) {
  EXPECT_EQ(read_all(path_, {.timeout = 0.2}).error, path_ + ": is a pipe that nobody wrote to for 0.2 seconds");
}

TEST_F(Pipes, WhoseWriterFallsSilentEnd) {
  const std::string bytes = bytes_of(clip(160, 96, kFrames, "clip.mkv"));
  write(bytes, 20);
  EXPECT_EQ(read_all(path_, {.timeout = 0.2}).error, path_ + ": nothing came for 0.2 seconds");
  write(bytes, bytes.size() - bytes.size() / 4);
  const Seen seen = read_all(path_, {.rgb = true, .timeout = 0.2});
  EXPECT_EQ(seen.error, path_ + ": nothing came for 0.2 seconds");
  EXPECT_GT(seen.frames, 0);
  EXPECT_LT(seen.frames, kFrames);
}

TEST_F(Pipes, AreInterruptedWhileTheyAreSilent) {
  const std::string bytes = bytes_of(clip(160, 96, kFrames, "clip.mkv"));
  write(bytes, bytes.size() - bytes.size() / 4);
  VideoReader reader = VideoReader::open(path_, {.timeout = 3600}).value();
  std::thread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // by when it most likely waits
    reader.interrupt();
  });
  VideoFrame frame;
  while (reader.next(frame).value()) {
  }
  interrupter.join();
}

TEST_F(VideoFiles, AppearWhenTheyAreFinished) {
  const fs::path path = folder_ / "a.mp4";
  write_bytes(path.string(), "what was there before");
  {
    VideoWriter writer = VideoWriter::create(path, {.width = 160, .height = 96}).value();
    ASSERT_TRUE(writer.write(NumberedFrame(160, 96, 0).view(), 0));
  }
  EXPECT_EQ(bytes_of(path.string()), "what was there before");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
  VideoWriter empty = VideoWriter::create(path, {.width = 160, .height = 96}).value();
  EXPECT_FALSE(empty.finish());
  EXPECT_FALSE(empty.finish());
  EXPECT_EQ(bytes_of(path.string()), "what was there before");
  VideoWriter writer = VideoWriter::create(path, {.width = 160, .height = 96}).value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(writer.write(NumberedFrame(160, 96, i).view(), 0));  // each a little later
  ASSERT_TRUE(writer.finish());
  EXPECT_FALSE(writer.write(NumberedFrame(160, 96, 0).view(), 9));
  EXPECT_FALSE(writer.finish());
  EXPECT_EQ(read_all(path.string()).frames, 5);
}

TEST_F(VideoFiles, TakePixelsAsTheyLie) {
  constexpr int kWidth = 160, kHeight = 96;
  const NumberedFrame frame(kWidth, kHeight, 0x5a);
  const auto* const rgb = static_cast<const std::uint8_t*>(frame.view().planes[0]);
  for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra}) {
    for (const bool bottom_up : {false, true}) {
      const bool is_bgr = format == PixelFormat::bgr || format == PixelFormat::bgra;
      const int pixel = format == PixelFormat::rgb || format == PixelFormat::bgr ? 3 : 4;
      const std::ptrdiff_t stride = kWidth * pixel + 5;
      std::vector<std::uint8_t> pixels(static_cast<std::size_t>(stride) * kHeight, 77);
      std::uint8_t* const top = bottom_up ? pixels.data() + stride * (kHeight - 1) : pixels.data();
      const std::ptrdiff_t row = bottom_up ? -stride : stride;
      for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x)
          for (int c = 0; c < 3; ++c) top[y * row + x * pixel + (is_bgr ? 2 - c : c)] = rgb[(y * kWidth + x) * 3 + c];
      const fs::path path = folder_ / "a.mp4";
      VideoWriter writer = VideoWriter::create(path, {.width = kWidth, .height = kHeight}).value();
      ASSERT_TRUE(writer.write(ImageView::packed(top, format, kWidth, kHeight, row), 0));
      ASSERT_TRUE(writer.finish());
      EXPECT_EQ(read_all(path.string()).numbers, (std::vector{0x5a}));
    }
  }
}

TEST_F(VideoFiles, RefuseFramesThatDoNotFit) {
  VideoWriter writer = VideoWriter::create(folder_ / "a.mp4", {.width = 160, .height = 96}).value();
  EXPECT_FALSE(writer.write(NumberedFrame(158, 96, 0).view(), 0));
  ImageView turned = NumberedFrame(160, 96, 0).view();
  turned.orientation = Orientation::rotate_180;
  EXPECT_FALSE(writer.write(turned, 0));
  const NumberedFrame frame(160, 96, 0);
  EXPECT_FALSE(writer.write(frame.view(), std::nan("")));
  ImageView narrow = frame.view();
  narrow.row_bytes[0] = 100;
  EXPECT_FALSE(writer.write(narrow, 0));
  EXPECT_TRUE(writer.write(frame.view(), 0));
  EXPECT_TRUE(writer.finish());
}

}  // namespace
}  // namespace mobilenet::testing
