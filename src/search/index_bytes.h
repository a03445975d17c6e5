// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The bytes of an index: in memory, or in a file whose parts are read when they are wanted. Read, not mapped: where
// another process cuts a mapped file short, the next look ends this one with SIGBUS, and a read is an error.

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace mobilenet {

class IndexBytes {
 public:
  IndexBytes() = default;
  IndexBytes(std::span<const std::byte> memory, std::shared_ptr<const void> owner)
      : memory_(memory), owner_(std::move(owner)) {}
  // Of a regular file.
  static Result<IndexBytes> open(const std::filesystem::path& path);

  std::uint64_t size() const;
  bool in_memory() const { return file_ == nullptr; }
  // `count` bytes from `offset` on, which must lie inside: where they are, or read into `room`. Null where the file
  // does not give them any more; read_error() says why. Any number of threads may ask.
  const std::byte* at(std::uint64_t offset, std::size_t count, std::byte* room) const noexcept;
  Error read_error() const;
  // Fails where the file is not as it was when it was opened, by its size and the time of its last change.
  Result<void> check_unchanged() const;

 private:
  class File;
  std::span<const std::byte> memory_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const File> file_;
};

}  // namespace mobilenet
