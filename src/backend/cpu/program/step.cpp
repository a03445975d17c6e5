// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/step.h"

#include "base/error.h"
#include "base/machine_memory.h"

namespace mobilenet::cpu {

Result<PackedCache::Buffer> PackedCache::get(const std::string& key, std::size_t bytes, std::size_t most_bytes,
                                             const std::function<void(AlignedBuffer&)>& fill) {
  const std::lock_guard lock(mutex_);
  Buffer& slot = buffers_[key];
  if (slot) return slot;
  if (bytes > most_bytes || bytes_ > most_bytes - bytes)
    return failure(ErrorCode::out_of_memory, "its packed weights take ", in_bytes(bytes), " beside ", in_bytes(bytes_),
                   " of others; the limit leaves ", in_bytes(most_bytes), " (SessionOptions::max_memory_bytes)");
  AlignedBuffer buffer(bytes);
  fill(buffer);
  slot = std::make_shared<const AlignedBuffer>(std::move(buffer));
  bytes_ += bytes;
  return slot;
}

std::size_t PackedCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

Result<PackedCache::Buffer> StepSource::pack(const std::string& key, std::size_t bytes,
                                             const std::function<void(AlignedBuffer&)>& fill) const {
  if (packed == nullptr) return std::make_shared<const AlignedBuffer>();
  return packed->get(key, bytes, most_packed_bytes, fill);
}

}  // namespace mobilenet::cpu
