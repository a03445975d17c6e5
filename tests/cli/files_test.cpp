// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Files in and out: which pictures a command line means, rows on disk, and output that appears only when complete.

#include "cli/files.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/npy.h"
#include "cli/picture_sources.h"
#include "cli/row_spool.h"

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

std::vector<std::string> names_of(const std::vector<PictureSource>& sources) {
  std::vector<std::string> names;
  for (const PictureSource& source : sources) names.push_back(source.error.empty() ? source.name : "error");
  return names;
}

TEST_F(Files, FolderGivesItsPicturesSorted) {
  write("p/b.jpg", "named like a picture, and broken");
  write("p/a.PNG", "");
  write("p/content", "\x89PNG\r\n\x1a\n....");
  write("p/text.txt", "not a picture at all");
  write("p/.hidden.jpg", "");
  write("p/inner/c.jpg", "");
  const std::vector<std::string> words = {path("p")};
  EXPECT_EQ(names_of(expand_pictures(words)),
            (std::vector<std::string>{path("p/a.PNG"), path("p/b.jpg"), path("p/content")}));
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
  ASSERT_TRUE(write_file(path("out"), parts));
  ASSERT_TRUE(write_file(path("out"), parts)) << "over an existing file";
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
  const auto written = write_file(path("no/such/folder/out"), {});
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("no/such/folder/out: cannot create it"), std::string::npos);
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
