// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/packed_cache.h"

#include <utility>

#include "base/error.h"
#include "base/machine_memory.h"

namespace mobilenet::cpu {

Result<PackedCache::Buffer> PackedCache::get(const PackKey& key, std::size_t bytes, std::size_t most_bytes,
                                             const Fill& fill) {
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    slot = &slots_[key];  // stays where it is
  }
  const std::lock_guard lock(slot->mutex);
  if (slot->buffer) return slot->buffer;
  MOBILENET_CHECK(reserve(bytes, most_bytes));
  try {
    AlignedBuffer buffer(bytes);
    fill(buffer);
    slot->buffer = std::make_shared<const AlignedBuffer>(std::move(buffer));
  } catch (...) {
    release(bytes);
    throw;
  }
  return slot->buffer;
}

Result<void> PackedCache::reserve(std::size_t bytes, std::size_t most_bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > most_bytes || bytes_ > most_bytes - bytes)
    return failure(ErrorCode::out_of_memory, "its packed weights take ", in_bytes(bytes), " beside ", in_bytes(bytes_),
                   " of others; the limit leaves ", in_bytes(most_bytes), " (SessionOptions::max_memory_bytes)");
  bytes_ += bytes;
  return {};
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
