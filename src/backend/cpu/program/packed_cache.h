// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The packed constants of one model: made when a Program first needs them, shared by all later ones and by all nodes
// that would pack the same.

#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/cpu/kernels/filter_layout.h"
#include "base/aligned_buffer.h"
#include "network/network.h"

namespace mobilenet::cpu {

// All that the bytes of a packed buffer depend on. Nodes with equal keys share one buffer: the same weight, read by a
// hundred convolutions, is packed once.
struct PackKey {
  enum class Kind { constant, zeros, batch_norm, matrix, depthwise, taps };
  Kind kind = Kind::constant;
  DataType type = DataType::f32;  // of the numbers that the kernel reads
  FilterLayout layout{};          // that the kernel reads them in; zeros: `block` of them
  TensorId weight = kNoTensor, bias = kNoTensor;
  int groups = 1;
  int parts = 1;  // that each number is the sum of
  std::int64_t first = 0;
  int inputs = 0;       // of the weight's inputs that a matrix holds, and where they begin
  int batch_norm = -1;  // the node that is folded in
  // Integer filters hold a bias without the input's zero point, and the scale from sums to output.
  std::int32_t input_zero = 0;
  float input_scale = 0, output_scale = 0;

  auto operator<=>(const PackKey&) const = default;
};

class PackedCache {
 public:
  using Buffer = std::shared_ptr<const AlignedBuffer>;
  using Fill = std::function<void(AlignedBuffer&)>;
  // `expected`: bytes of all buffers together, about.
  explicit PackedCache(std::size_t expected = 0) : expected_(expected) {}
  // A buffer that lives as long as the cache. Of `bytes`, zeros until `fill` writes it, once per key. Threads that pack
  // different keys do not wait for each other. Fails where all buffers together would take more than `most_bytes`.
  Result<Buffer> get(const PackKey& key, std::size_t bytes, std::size_t most_bytes, const Fill& fill);
  std::size_t bytes() const;

 private:
  struct Slot {
    std::mutex mutex;  // held while `fill` runs
    Buffer buffer;
  };
  Result<AlignedBuffer> reserve(std::size_t bytes, std::size_t most_bytes);
  void release(std::size_t bytes);

  const std::size_t expected_;
  mutable std::mutex mutex_;  // of all below, never held while a buffer is filled
  std::map<PackKey, Slot> slots_;
  std::size_t bytes_ = 0;
  // Buffers are parts of a few large ones: in huge pages, which one alone seldom fills.
  std::vector<AlignedBuffer> memory_;
  std::size_t used_ = 0;  // of the last
};

}  // namespace mobilenet::cpu
