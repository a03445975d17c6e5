// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/step.h"

namespace mobilenet::cpu {

Result<PackedCache::Buffer> StepSource::pack(const PackKey& key, std::size_t bytes,
                                             const PackedCache::Fill& fill) const {
  if (packed == nullptr) return std::make_shared<const AlignedBuffer>();
  return packed->get(key, bytes, most_packed_bytes, fill);
}

}  // namespace mobilenet::cpu
