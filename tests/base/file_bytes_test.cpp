// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/file_bytes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mobilenet {
namespace {

TEST(FileBytes, ErrorsNameTheFile) {
  const auto missing = FileBytes::read("no/such/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().message.find("no/such/file"), std::string::npos);
  const auto folder = FileBytes::read(std::filesystem::temp_directory_path());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("directory"), std::string::npos);
  EXPECT_FALSE(FileBytes::read("/dev/null"));
}

TEST(FileBytes, ShowsTheBytes) {
  const auto path = std::filesystem::temp_directory_path() / ("mapped_file_test." + std::to_string(::getpid()));
  std::ofstream(path) << "hello";
  {
    const auto file = FileBytes::read(path).value();
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()), "hello");
  }
  std::ofstream(path, std::ios::trunc);
  EXPECT_TRUE(FileBytes::read(path).value()->bytes().empty());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace mobilenet
