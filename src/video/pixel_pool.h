// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Memory for frames that is used again when nobody holds the frame any more.

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace mobilenet {

class PixelPool {
 public:
  using Pixels = std::shared_ptr<std::vector<std::byte>>;

  // It goes back when its last copy dies, on any thread, or away where the pool has ended.
  Pixels take(std::size_t bytes) {
    std::unique_ptr<std::vector<std::byte>> pixels;
    {
      const std::lock_guard lock(free_->mutex);
      if (!free_->pixels.empty()) {
        pixels = std::move(free_->pixels.back());
        free_->pixels.pop_back();
      }
    }
    if (!pixels) pixels = std::make_unique<std::vector<std::byte>>();
    pixels->resize(bytes);
    return {pixels.release(), [pool = free_](std::vector<std::byte>* used) {
              std::unique_ptr<std::vector<std::byte>> owned(used);
              const std::lock_guard lock(pool->mutex);
              if (pool->pixels.size() < kMostFree) pool->pixels.push_back(std::move(owned));
            }};
  }

 private:
  static constexpr std::size_t kMostFree = 16;  // as many as somebody may have had at once

  struct Free {
    Free() { pixels.reserve(kMostFree); }
    std::mutex mutex;
    std::vector<std::unique_ptr<std::vector<std::byte>>> pixels;
  };
  std::shared_ptr<Free> free_ = std::make_shared<Free>();
};

}  // namespace mobilenet
