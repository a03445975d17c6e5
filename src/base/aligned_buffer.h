// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Owned, 64-byte aligned memory whose tail may be read, never written, past the end.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace mobilenet {

inline constexpr std::size_t kAlignment = 64;     // a cache line, and the widest vector
inline constexpr std::size_t kReadPadding = 128;  // kernels may read up to two vectors past the end of a row

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  // Zero-filled. Throws std::bad_alloc like operator new.
  explicit AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
    if (bytes == 0) return;
    const std::size_t total = (bytes + kReadPadding + kAlignment - 1) / kAlignment * kAlignment;
    data_.reset(static_cast<std::byte*>(::operator new (total, std::align_val_t{kAlignment})));
    std::memset(data_.get(), 0, total);
  }

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  std::size_t size() const { return bytes_; }

  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_.get());
  }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t bytes_ = 0;
};

}  // namespace mobilenet
