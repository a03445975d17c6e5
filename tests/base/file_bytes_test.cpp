// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/file_bytes.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/error.h"

namespace mobilenet {
namespace {

namespace fs = std::filesystem;

class FileBytesTest : public ::testing::Test {
 protected:
  FileBytesTest() : folder_(fs::temp_directory_path() / ("file_bytes_test." + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
  }
  ~FileBytesTest() override { fs::remove_all(folder_); }

  fs::path file(const std::string& content) const {
    std::ofstream(folder_ / "file", std::ios::binary) << content;
    return folder_ / "file";
  }
  fs::path pipe() const {
    EXPECT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    return folder_ / "pipe";
  }

  fs::path folder_;
};

std::string text_of(const FileBytes& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

std::string error_of(const fs::path& path, const FileLimits& limits = {}) {
  const auto file = FileBytes::read(path, limits);
  return file ? "no error" : file.error().message;
}

// More than any buffer on the way.
std::string long_text() {
  std::string text(3'000'000, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST_F(FileBytesTest, ErrorsNameTheFile) {
  const auto missing = FileBytes::read(folder_ / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_EQ(missing.error().message, (folder_ / "missing").string() + ": No such file or directory");
  EXPECT_EQ(error_of(folder_), folder_.string() + ": is a directory, expected a file");
  EXPECT_EQ(error_of("/dev/null"), "/dev/null: is neither a regular file nor a pipe");
  const FileLimits small{.max_bytes = 4};
  EXPECT_EQ(error_of(file("hello"), small), file("hello").string() + ": has 5 bytes, more than the limit of 4");
  EXPECT_EQ(error_of(file("hell"), small), "no error");
}

TEST_F(FileBytesTest, HoldsTheBytesWhateverHappensToTheFile) {
  for (const std::string& content : {std::string(), std::string("hello"), long_text()}) {
    const auto read = FileBytes::read(file(content)).value();
    EXPECT_TRUE(text_of(*read) == content);
    file("another text");
    fs::resize_file(folder_ / "file", 0);
    EXPECT_TRUE(text_of(*read) == content);
  }
}

TEST_F(FileBytesTest, SizesThatTheSystemDoesNotKnow) {
  // Files of /proc say that they are empty.
  const auto read = FileBytes::read("/proc/self/status");
  if (!read && read.error().code == ErrorCode::not_found) GTEST_SKIP() << "needs /proc";
  EXPECT_NE(text_of(**read).find("Name:"), std::string::npos);
}

TEST_F(FileBytesTest, TheHeadDecidesBeforeTheRestIsRead) {
  const std::string content = long_text();
  std::size_t seen = 0;
  const FileLimits limits{.accept = [&](std::span<const std::byte> head) -> Result<void> {
    seen = head.size();
    if (head.size() > 5) return failure(ErrorCode::unsupported, "long");
    return {};
  }};
  EXPECT_EQ(error_of(file(content), limits), "long");
  EXPECT_EQ(seen, FileLimits::kHeadBytes);
  EXPECT_EQ(error_of(file("short"), limits), "no error");
  EXPECT_EQ(seen, 5u);
}

TEST_F(FileBytesTest, PipesAreReadToTheirEnd) {
  const fs::path path = pipe();
  for (const std::string& content : {std::string("hello"), long_text()}) {
    std::thread writer([&] { std::ofstream(path, std::ios::binary) << content; });
    const auto read = FileBytes::read(path);
    writer.join();
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(text_of(**read) == content);
  }
}

TEST_F(FileBytesTest, PipesWithoutWriterOrEndAreRefused) {
  const fs::path path = pipe();
  EXPECT_EQ(error_of(path), path.string() + ": is a pipe that nobody writes to");
  // An endless one, whose writer sees that nobody reads any more.
  std::thread writer([&] {
    ::signal(SIGPIPE, SIG_IGN);
    std::ofstream out(path, std::ios::binary);
    while (out << "and so on" << std::flush) {
    }
  });
  EXPECT_EQ(error_of(path, {.max_bytes = 1 << 20}), path.string() + ": is longer than the limit of 1048576 bytes");
  writer.join();
}

}  // namespace
}  // namespace mobilenet
