// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A whole file, read-only, mapped into memory for as long as the object lives.

#include <mobilenet/result.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace mobilenet {

class FileBytes {
 public:
  // Regular files only; an empty file has empty bytes.
  static Result<std::shared_ptr<const FileBytes>> read(const std::filesystem::path& path);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit FileBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace mobilenet
