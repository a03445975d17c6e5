// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/weights.h"

#include "base/error.h"

namespace mobilenet::cuda {

Result<Place> CudaWeights::pack(const PackKey& key, const Make& make) const {
  const std::lock_guard lock(mutex_);
  const auto known = packed_.find(key);
  if (known != packed_.end()) return Place{Place::Kind::fixed, known->second.address()};
  const std::vector<std::byte> bytes = make();
  MOBILENET_TRY(DeviceBuffer buffer, DeviceBuffer::allocate(device_, bytes.size()));
  const Current current(device_);
  if (!bytes.empty())
    MOBILENET_CUDA(device_.driver(), "copying weights to the GPU",
                   cuMemcpyHtoD(buffer.address(), bytes.data(), bytes.size()));
  // The copy may return before the GPU has all of it, and our streams wait for no other.
  MOBILENET_CUDA(device_.driver(), "copying weights to the GPU", cuStreamSynchronize(CU_STREAM_LEGACY));
  packed_bytes_ += bytes.size();
  const Place place{Place::Kind::fixed, buffer.address()};
  packed_.emplace(key, std::move(buffer));
  return place;
}

std::size_t CudaWeights::packed_bytes() const {
  const std::lock_guard lock(mutex_);
  return packed_bytes_;
}

}  // namespace mobilenet::cuda
