// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Bytes of the host on their way to the device: threads gather them in pinned memory, and what is complete travels
// while they go on. That memory is small and gone through in turns, so that it stays in the processor's caches: a whole
// picture of it takes a thread twice as long to fill.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "backend/cuda/driver/device.h"
#include "base/error.h"
#include "base/workers.h"

namespace mobilenet::cuda {

class Staging {
 public:
  static Result<Staging> create(const Device& device, const Workers& workers);

  // Sends `bytes` bytes to address `to`, in the order of `stream`. gather(begin, end, out) writes those from begin to
  // end; several threads call it at the same time. What it reads is free again when this returns. Allocates only for
  // more bytes than ever before, up to a mebibyte for each thread.
  template <class Gather>
  Result<void> send(CUstream stream, CUdeviceptr to, std::size_t bytes, const Gather& gather) {
    MOBILENET_CHECK(grow(bytes));
    for (std::size_t at = 0; at < bytes; at += round_bytes()) {
      const std::size_t count = std::min(bytes - at, round_bytes());
      MOBILENET_CHECK(begin_round());
      MOBILENET_CHECK(send_round(stream, to + at, count, [&](std::size_t begin, std::size_t end, std::byte* out) {
        gather(at + begin, at + end, out);
      }));
    }
    return {};
  }

 private:
  // Parts cost a thread some 12 microseconds. A copy costs the device 3, and so long as a mebibyte takes it 20.
  static constexpr std::size_t kPartBytes = 1 << 17, kPartsOfCopy = 8, kPartsOfThread = 4;

  std::size_t round_bytes() const { return kPartBytes * kPartsOfThread * static_cast<std::size_t>(workers_.most()); }

  template <class Gather>
  Result<void> send_round(CUstream stream, CUdeviceptr to, std::size_t bytes, const Gather& gather) {
    const std::size_t parts = (bytes + kPartBytes - 1) / kPartBytes;
    std::size_t sent = 0;  // parts; belongs to whoever holds `sending`
    std::atomic_flag sending;
    std::atomic<CUresult> result = CUDA_SUCCESS;
    const auto send_complete = [&](std::size_t least) {
      std::size_t end = sent;
      while (end < parts && complete_[end].load(std::memory_order_acquire)) ++end;
      if (end - sent < least) return;
      const std::size_t from = sent * kPartBytes, until = std::min(bytes, end * kPartBytes);
      if (const CUresult called = copy(stream, to, from, until - from); called != CUDA_SUCCESS) result = called;
      sent = end;
    };
    workers_.for_each(parts, [&](std::size_t part, std::size_t) {
      const std::size_t from = part * kPartBytes, until = std::min(bytes, from + kPartBytes);
      gather(from, until, half() + from);
      complete_[part].store(true, std::memory_order_release);
      if (sending.test_and_set(std::memory_order_acquire)) return;  // who sends now, or comes later, takes it along
      send_complete(kPartsOfCopy);
      sending.clear(std::memory_order_release);
    });
    if (sent < parts) send_complete(1);
    return end_round(stream, result);
  }

  Result<void> grow(std::size_t bytes);
  // Takes the half whose turn it is, when the device has read it.
  Result<void> begin_round();
  std::byte* half() const { return memory_.data() + turn_ * round_bytes(); }
  CUresult copy(CUstream stream, CUdeviceptr to, std::size_t from, std::size_t bytes) const;
  Result<void> end_round(CUstream stream, CUresult result);

  const Device* device_ = nullptr;
  Workers workers_;
  PinnedBuffer memory_;                            // the bytes of two rounds; of one, if none took more
  std::unique_ptr<std::atomic<bool>[]> complete_;  // per part of a round
  std::array<Event, 2> read_;                      // when the device has read a half
  std::size_t turn_ = 0;
};

}  // namespace mobilenet::cuda
