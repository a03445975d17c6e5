// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/staging.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kWhat = "copying pictures to the GPU";

}  // namespace

Result<Staging> Staging::create(const Device& device, const Workers& workers) {
  Staging staging;
  staging.device_ = &device;
  staging.workers_ = workers;
  for (Event& event : staging.read_) {
    MOBILENET_TRY(event, Event::create(device, Event::Timing::no));
  }
  staging.complete_ = std::make_unique<std::atomic<bool>[]>(staging.round_bytes() / kPartBytes);
  return staging;
}

Result<void> Staging::grow(std::size_t bytes) {
  const std::size_t parts = (bytes + kPartBytes - 1) / kPartBytes;
  const std::size_t needed = std::min(parts * kPartBytes, 2 * round_bytes());
  if (needed > memory_.bytes()) {
    memory_ = {};  // when the device has read all of it
    MOBILENET_TRY(memory_, PinnedBuffer::allocate(*device_, needed));
  }
  // What takes a single round stays in the first half.
  turn_ = read_.size() - 1;
  return {};
}

Result<void> Staging::begin_round() {
  turn_ = (turn_ + 1) % read_.size();
  // At once where nothing was sent from there yet.
  MOBILENET_CUDA(device_->driver(), kWhat, cuEventSynchronize(read_[turn_].get()));
  for (std::size_t part = 0; part < round_bytes() / kPartBytes; ++part)
    complete_[part].store(false, std::memory_order_relaxed);
  return {};
}

// Called by any thread.
CUresult Staging::copy(CUstream stream, CUdeviceptr to, std::size_t from, std::size_t bytes) const {
  const Current current(*device_);
  return device_->driver().cuMemcpyHtoDAsync(to + from, half() + from, bytes, stream);
}

Result<void> Staging::end_round(CUstream stream, CUresult result) {
  MOBILENET_CUDA(device_->driver(), kWhat, cuEventRecord(read_[turn_].get(), stream));
  if (result != CUDA_SUCCESS) return driver_error(device_->driver(), result, kWhat);
  return {};
}

}  // namespace mobilenet::cuda
