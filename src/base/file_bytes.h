// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A whole file in memory. Read, not mapped: a mapped file that another process cuts short ends this one with SIGBUS,
// and one that it rewrites changes under the readers. Pipes are read to their end, so `<(command)` is a file too.

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "base/aligned_buffer.h"

namespace mobilenet {

struct FileLimits {
  std::uint64_t max_bytes = std::uint64_t{4} << 30;  // more is a mistake or an endless pipe: no network comes near
  // Sees the first bytes, kHeadBytes or all, before the rest is read; its error ends the reading.
  std::function<Result<void>(std::span<const std::byte> head)> accept = {};

  static constexpr std::size_t kHeadBytes = 4096;
};

// For labels, configuration and lists of shards.
inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{64} << 20;

class FileBytes {
 public:
  // Regular files and pipes. Fails when the file changes meanwhile, and when a pipe has no writer or a silent one.
  static Result<std::shared_ptr<const FileBytes>> read(const std::filesystem::path& path,
                                                       const FileLimits& limits = {});

  std::span<const std::byte> bytes() const { return {data_.data(), size_}; }

 private:
  friend class FileReader;
  AlignedBuffer data_;
  std::size_t size_ = 0;
};

}  // namespace mobilenet
