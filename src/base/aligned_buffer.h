// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// 64-byte aligned memory whose tail may be read, never written, past the end.

#include <cstddef>
#include <memory>
#include <utility>

namespace mobilenet {

inline constexpr std::size_t kAlignment = 64;     // a cache line, and the widest vector
inline constexpr std::size_t kReadPadding = 128;  // kernels may read up to two vectors past the end of a row

// Rounded up so that what comes next is aligned, and threads write only their own cache lines.
constexpr std::size_t whole_lines(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
// The same with what kernels may read past the end.
constexpr std::size_t padded_lines(std::size_t bytes) { return whole_lines(bytes + kReadPadding); }

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  // Zero-filled; large ones by the system, page by page as they are touched. Throws std::bad_alloc like operator new.
  explicit AlignedBuffer(std::size_t bytes);
  // A part of another one, padded_lines(bytes) of it, which must outlive this.
  AlignedBuffer(std::byte* part, std::size_t bytes) : data_(part), bytes_(bytes) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : memory_(std::move(other.memory_)),
        data_(std::exchange(other.data_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }

  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }

 private:
  struct Free {
    std::size_t mapped;  // bytes; 0: from the heap
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> memory_;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace mobilenet
