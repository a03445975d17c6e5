// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/packed_cache.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/machine_memory.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kMore = std::size_t{256} << 10;  // where the expected bytes were not enough

}  // namespace

Result<PackedCache::Buffer> PackedCache::get(const PackKey& key, std::size_t bytes, std::size_t most_bytes,
                                             const Fill& fill) {
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    slot = &slots_[key];  // stays where it is
  }
  const std::lock_guard lock(slot->mutex);
  if (slot->buffer) return slot->buffer;
  MOBILENET_TRY(AlignedBuffer buffer, reserve(bytes, most_bytes));
  try {
    fill(buffer);
    slot->buffer = std::make_shared<const AlignedBuffer>(std::move(buffer));
  } catch (...) {
    release(bytes);
    throw;
  }
  return slot->buffer;
}

Result<AlignedBuffer> PackedCache::reserve(std::size_t bytes, std::size_t most_bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > most_bytes || bytes_ > most_bytes - bytes)
    return failure(ErrorCode::out_of_memory, "its packed weights take ", in_bytes(bytes), " beside ", in_bytes(bytes_),
                   " of others; the limit leaves ", in_bytes(most_bytes), " (SessionOptions::max_memory_bytes)");
  const std::size_t part = padded_lines(bytes);
  if (memory_.empty() || part > memory_.back().size() - used_) {
    memory_.emplace_back(std::max(part, memory_.empty() ? expected_ : kMore));
    used_ = 0;
  }
  bytes_ += bytes;
  return AlignedBuffer(memory_.back().data() + std::exchange(used_, used_ + part), bytes);
}

void PackedCache::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes;
}

std::size_t PackedCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace mobilenet::cpu
