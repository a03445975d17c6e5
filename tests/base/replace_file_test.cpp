// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/replace_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"

namespace mobilenet {
namespace {

namespace fs = std::filesystem;

class ReplaceFileTest : public ::testing::Test {
 protected:
  ReplaceFileTest() : folder_(fs::temp_directory_path() / ("replace_file_test." + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
    std::ofstream(folder_ / "file") << "before";
  }
  ~ReplaceFileTest() override { fs::remove_all(folder_); }

  std::string content() const {
    std::ifstream file(folder_ / "file");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  auto files() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }

  fs::path folder_;
};

TEST_F(ReplaceFileTest, IsCompleteOrAsItWas) {
  const auto written = replace_file(folder_ / "file", [this](std::ostream& out) -> Result<void> {
    out << "after";
    EXPECT_EQ(content(), "before");
    return {};
  });
  EXPECT_TRUE(written);
  EXPECT_EQ(content(), "after");
  EXPECT_EQ(files(), 1);
}

TEST_F(ReplaceFileTest, AFailureLeavesNothing) {
  const auto half = replace_file(folder_ / "file", [](std::ostream& out) -> Result<void> {
    out << "half";
    return failure(ErrorCode::bad_format, "the rest is missing");
  });
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().message, (folder_ / "file").string() + ": the rest is missing");
  const auto full = replace_file(folder_ / "file", [](std::ostream& out) -> Result<void> {
    out.setstate(std::ios::badbit);
    return {};
  });
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, (folder_ / "file").string() + ": could not be written: the disk may be full");
  EXPECT_FALSE(replace_file(folder_ / "nowhere" / "file", [](std::ostream&) -> Result<void> { return {}; }));
  EXPECT_EQ(content(), "before");
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace mobilenet
