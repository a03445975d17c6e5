// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Files in and out: which pictures a command line means, rows on disk, and output that appears only when complete.

#include "cli/output/files.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/arguments/picture_sources.h"
#include "cli/arrays/npy.h"
#include "cli/arrays/row_spool.h"
#include "cli/pictures/picture_stream.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "mobilenet-files-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << content;
  }
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename().string());
    return names;
  }

  fs::path folder_;
};

std::vector<std::string> names_of(const PictureList& list) {
  std::vector<std::string> names;
  for (const PictureSource& source : list.sources) names.push_back(source.error.empty() ? source.name : "error");
  return names;
}

TEST_F(Files, FolderGivesItsPicturesSorted) {
  write("p/b.jpg", "named like a picture, and broken");
  write("p/a.PNG", "");
  write("p/content", "\x89PNG\r\n\x1a\n....");
  write("p/phone", std::string("\0\0\0\x18"
                               "ftypmif1\0\0\0\0",
                               16));
  write("p/video", std::string("\0\0\0\x18"
                               "ftypmp42\0\0\0\0",
                               16));
  for (const char* name : {"p/d.tif", "p/e.TIFF", "p/f.gif", "p/g.heic", "p/h.heif", "p/i.avif"}) write(name, "");
  write("p/text.txt", "not a picture at all");
  write("p/.hidden.jpg", "");
  write("p/inner/c.jpg", "");
  const std::vector<std::string> words = {path("p")};
  const PictureList list = expand_pictures(words);
  EXPECT_EQ(names_of(list),
            (std::vector<std::string>{path("p/a.PNG"), path("p/b.jpg"), path("p/content"), path("p/d.tif"),
                                      path("p/e.TIFF"), path("p/f.gif"), path("p/g.heic"), path("p/h.heif"),
                                      path("p/i.avif"), path("p/phone")}));
  EXPECT_EQ(list.skipped,
            (std::vector<std::string>{path("p") + ": skipped 2 files (1 TXT, 1 without ending) and 1 folder"}));
}

TEST_F(Files, WhatAFolderHoldsBesidesPicturesIsSaid) {
  for (const char* name : {"p/a.jpg", "p/1.NEF", "p/2.nef", "p/3.mp4", "p/README", "p/.DS_Store"}) write(name, "");
  const std::vector<std::string> words = {path("p")};
  EXPECT_EQ(expand_pictures(words).skipped,
            (std::vector<std::string>{path("p") + ": skipped 4 files (2 NEF, 1 MP4, 1 without ending)"}));
  for (const char* name : {"none/1.NEF", "none/in/a.jpg"}) write(name, "");
  const std::vector<std::string> none = {path("none")};
  ASSERT_EQ(expand_pictures(none).sources.size(), 1u);
  EXPECT_EQ(expand_pictures(none).sources.front().error,
            path("none") +
                ": no pictures in this folder, but 1 file (1 NEF) and 1 folder, which are not looked into (-r looks "
                "into folders)");
  for (int kind = 0; kind < 9; ++kind) write("many/a." + std::to_string(kind), "");
  write("many/a.jpg", "");
  const std::vector<std::string> many = {path("many")};
  EXPECT_EQ(expand_pictures(many).skipped.front(),
            path("many") + ": skipped 9 files (1 0, 1 1, 1 2, 1 3, 1 4, and other kinds)");
}

TEST_F(Files, PatternsThatNoShellExpanded) {
  write("1.jpg", "");
  write("2.jpg", "");
  write("[odd].jpg", "");
  fs::create_directory(path("empty"));
  const std::vector<std::string> words = {path("?.jpg"), path("none*.jpg"), path("[odd].jpg"), path("missing.jpg"),
                                          "-",           path("empty")};
  EXPECT_EQ(names_of(expand_pictures(words)),
            (std::vector<std::string>{path("1.jpg"), path("2.jpg"), "error", path("[odd].jpg"), path("missing.jpg"),
                                      "-", "error"}));
}

TEST_F(Files, WrittenFilesAreWholeAndLeaveNothingElse) {
  const std::string first = "abc", second = "def";
  const std::array parts = {std::as_bytes(std::span(first)), std::as_bytes(std::span(second))};
  ASSERT_TRUE(write_file(fs::path(path("out")), parts));
  ASSERT_TRUE(write_file({path("out"), IfExists::replace}, parts)) << "over an existing file";
  const auto bytes = read_file(path("out"));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 6u);
  EXPECT_EQ(listing(), (std::vector<std::string>{"out"}));
}

TEST_F(Files, ErrorsNameTheFile) {
  const auto missing = read_file(path("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_EQ(missing.error().message, path("missing") + ": cannot open it: No such file or directory");
  const auto folder = read_file(folder_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message, folder_.string() + ": cannot read it: Is a directory");
  const auto written = write_file(fs::path(path("no/such/folder/out")), {});
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("no/such/folder/out: cannot create it"), std::string::npos);
}

TEST_F(Files, AFileThatAppearedMeanwhileStays) {
  auto pending = PendingFile::create(fs::path(path("out")));
  ASSERT_TRUE(pending) << pending.error().message;
  write("out", "somebody else's");
  const auto committed = pending->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().message, path("out") + ": cannot rename it into place: File exists");
  EXPECT_EQ(read_file(path("out"))->size(), 15u);
}

TEST_F(Files, NothingIsLeftOfAFileThatIsGivenUp) {
  {
    auto pending = PendingFile::create(fs::path(path("out")));
    ASSERT_TRUE(pending) << pending.error().message;
    write(pending->path().filename().string() + ".XXXX", "of a library that writes beside the name it is given");
    auto moved = *std::move(pending);
    EXPECT_EQ(listing().size(), 2u);
  }
  EXPECT_EQ(listing(), std::vector<std::string>{});
}

TEST_F(Files, NothingIsLeftWhenTheProgramIsInterrupted) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      remove_pending_files_when_interrupted();
      auto pending = PendingFile::create(fs::path(path("out")));
      write(pending->path().filename().string() + ".part", "half");
      kill(getpid(), number);
      pause();
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == number) << number;
    EXPECT_EQ(listing(), std::vector<std::string>{}) << number;
  }
}

TEST_F(Files, AnotherPictureInTheSameBytesIsSeen) {
  const std::string jpeg = "\xff\xd8\xff\xe0" + std::string("\0\4ab", 4) + "\xff\xda" + std::string("\0\3c", 3) +
                           std::string("scan\xff\0more\xff\xd0", 12) + "\xff\xd9";
  const std::string indexed = "\xff\xd8\xff\xe2" + std::string("\0\6MPF\0", 6) + jpeg.substr(2);
  const auto chunk = [](const std::string& kind, const std::string& data) {
    return std::string("\0\0\0", 3) + static_cast<char>(data.size()) + kind + data + "crc!";
  };
  const std::string png = "\x89PNG\r\n\x1a\n" + chunk("IHDR", "thirteen") + chunk("IDAT", "IEND") + chunk("IEND", "");
  const std::string webp = std::string("RIFF\5\0\0\0WEBPx\0", 14);
  const std::string bmp = std::string("BM\x0e\0\0\0\0\0\0\0head", 14);
  struct Case {
    const char* name;
    std::string file;
    bool another;
  };
  const Case cases[] = {
      {"a JPEG", jpeg, false},
      {"two JPEGs", jpeg + jpeg, true},
      {"a JPEG and what a phone hangs on", jpeg + "SEFH and more", false},
      {"a JPEG with an index of its other pictures", indexed + jpeg, false},
      {"a JPEG that is cut", jpeg.substr(0, 12), false},
      {"a JPEG that is cut inside of a length", jpeg.substr(0, 5), false},
      {"a PNG", png, false},
      {"two PNGs", png + png, true},
      {"a PNG and text", png + "text", false},
      {"a PNG whose length lies", png.substr(0, 8) + "\xff\xff\xff\xffIHDR" + png, false},
      {"two WebPs", webp + webp, true},
      {"a WebP", webp, false},
      {"two BMPs", bmp + bmp, true},
      {"a BMP", bmp, false},
      {"nothing", "", false},
      {"text", "this is no picture, this is no picture", false},
  };
  for (const Case& c : cases) {
    // Whether a pipe brings all at once or a byte at a time.
    for (const std::size_t step : {c.file.size() + 1, std::size_t{1}}) {
      PictureEnd end;
      bool another = false;
      for (std::size_t size = std::min(step, c.file.size()); !another; size = std::min(size + step, c.file.size())) {
        another = end.look(std::as_bytes(std::span(c.file).first(size))) == PictureEnd::Found::another;
        if (size == c.file.size()) break;
      }
      EXPECT_EQ(another, c.another) << c.name << ", " << step << " bytes at a time";
    }
  }
}

TEST_F(Files, PicturesOfAPipeComeOneByOne) {
  const std::string jpeg = "\xff\xd8\xff\xda" + std::string("\0\3c", 3) + std::string(100'000, 's') + "\xff\xd9";
  const std::string bmp = std::string("BM\x0e\0\0\0\0\0\0\0head", 14);
  const std::string no_size = std::string("BM\0\0\0\0\0\0\0\0head", 14);
  for (const std::vector<std::string>& pictures : std::vector<std::vector<std::string>>{
           {jpeg}, {jpeg, jpeg, bmp, jpeg}, {bmp, jpeg}, {jpeg + "trailer"}, {no_size + bmp}, {}}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    std::thread writer([&pictures, end = ends[1]] {
      for (const std::string& picture : pictures)
        for (std::size_t at = 0; at < picture.size();) {
          const ssize_t count = ::write(end, picture.data() + at, std::min(picture.size() - at, std::size_t{777}));
          if (count <= 0) break;
          at += static_cast<std::size_t>(count);
        }
      close(end);
    });
    PictureStream stream(ends[0]);
    for (std::size_t i = 0; i < std::max(pictures.size(), std::size_t{1}); ++i) {
      const auto bytes = stream.next();
      ASSERT_TRUE(bytes) << bytes.error().message;
      const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
      EXPECT_EQ(text.size(), pictures.empty() ? 0 : pictures[i].size());
      EXPECT_TRUE(pictures.empty() || text == pictures[i]);
      EXPECT_EQ(stream.another_follows(), i + 1 < pictures.size());
    }
    writer.join();
    close(ends[0]);
  }
  PictureStream closed(-1);
  EXPECT_FALSE(closed.next());
}

TEST_F(Files, RowsOfManyBatchesBecomeOneArray) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> two_rows = {2, 3}, one_row = {1, 3}, other = {1, 4};
  const TensorView first{"pool", DataType::f32, two_rows, values.data(), 24};
  const TensorView second{"pool", DataType::f32, one_row, values.data(), 12};
  auto spool = RowSpool::create(path("out.npz"), first);
  ASSERT_TRUE(spool) << spool.error().message;
  ASSERT_TRUE(spool->append(first));
  ASSERT_TRUE(spool->append(second));
  EXPECT_FALSE(spool->append({"pool", DataType::f32, other, values.data(), 16})) << "rows must not change their shape";
  EXPECT_FALSE(spool->append({"pool", DataType::i32, one_row, values.data(), 12})) << "nor their type";
  EXPECT_EQ(spool->tensor().shape.front(), 3);
  EXPECT_TRUE(listing().empty()) << "the file must have no name";

  const auto file = spool->finish();
  ASSERT_TRUE(file) << file.error().message;
  std::rewind(*file);
  std::vector<std::byte> bytes(4096);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), *file));
  const auto array = parse_npy(bytes, "spool");
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_EQ(array->shape, (std::vector<std::int64_t>{3, 3}));
  std::vector<float> read(9);
  std::memcpy(read.data(), array->bytes.data(), array->bytes.size());
  EXPECT_EQ(read, (std::vector<float>{1, 2, 3, 4, 5, 6, 1, 2, 3}));
}

}  // namespace
}  // namespace mobilenet::cli
