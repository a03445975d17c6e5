// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Safetensors files made by hand, for what no real file in reach has: other names, other shapes, and damage.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/formats.h"

namespace mobilenet::testing {

// Length + header + `data_bytes` zeros.
inline std::string safetensors_bytes(std::string_view header, std::size_t data_bytes) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  bytes += header;
  bytes.append(data_bytes, '\0');
  return bytes;
}

// Tensors one after the other, all zero.
class SafetensorsText {
 public:
  SafetensorsText& tensor(const std::string& name, const std::vector<int>& shape, const std::string& dtype = "F32",
                          std::size_t element_bytes = 4) {
    std::size_t bytes = element_bytes;
    std::string axes;
    for (const int axis : shape) {
      bytes *= static_cast<std::size_t>(axis);
      axes += (axes.empty() ? "" : ",") + std::to_string(axis);
    }
    header_ += (header_.empty() ? "" : ",") +
               ("\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + axes + "],\"data_offsets\":[" +
                std::to_string(offset_) + "," + std::to_string(offset_ + bytes) + "]}");
    offset_ += bytes;
    return *this;
  }
  std::string bytes() const { return safetensors_bytes("{" + header_ + "}", offset_); }

 private:
  std::string header_;
  std::size_t offset_ = 0;
};

inline SourceFile memory_file(const std::string& bytes, const std::string& name = "test.safetensors") {
  auto owner = std::make_shared<std::string>(bytes);
  return {name, {}, std::as_bytes(std::span(owner->data(), owner->size())), owner};
}

// A folder of the test that runs, empty at the start and gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("mobilenet_" + std::string(info->test_suite_name()) + "_" + info->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  // As if `bytes` lay in this folder.
  SourceFile file(const std::string& bytes, const std::string& name = "model.safetensors") const {
    SourceFile file = memory_file(bytes, name);
    file.path = path_ / name;
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace mobilenet::testing
