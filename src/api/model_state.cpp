// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a model has of packed weights and of programs. The list is locked while somebody looks for an entry, an entry
// while somebody makes it: who needs another one does not wait.

#include "api/model_state.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace mobilenet {

Result<std::shared_ptr<const Weights>> ModelState::weights(const Backend& backend, Precision precision) const {
  std::unique_lock lock(mutex_);
  PackedWeights& entry = weights_[{&backend, precision}];  // stays where it is
  lock.unlock();
  const std::lock_guard making(entry.mutex);
  if (!entry.weights) {
    auto packed = backend.pack(loaded.graph, precision);
    if (!packed) return at(info.source, std::move(packed).error());
    entry.weights = *std::move(packed);
  }
  return entry.weights;
}

Result<std::shared_ptr<const Program>> ModelState::program(const Backend& backend,
                                                           std::shared_ptr<const Weights> weights,
                                                           const CompileRequest& request) const {
  constexpr std::size_t kMost = 16;  // a program takes some ten kilobytes beside the weights
  std::unique_lock lock(mutex_);
  const auto known = std::find_if(programs_.begin(), programs_.end(), [&](const auto& entry) {
    return entry->weights == weights && entry->request == request;
  });
  if (known != programs_.end()) {
    programs_.splice(programs_.begin(), programs_, known);
  } else {
    CompileRequest kept = request;
    kept.executor = nullptr;
    programs_.push_front(std::make_shared<CompiledProgram>(std::move(weights), std::move(kept)));
    if (programs_.size() > kMost) programs_.pop_back();
  }
  const std::shared_ptr<CompiledProgram> entry = programs_.front();
  lock.unlock();
  std::unique_lock making(entry->mutex);
  if (entry->program) return entry->program;
  // Threads of an executor that wait here may be those that it would compile on: two of its sessions compile at once.
  if (request.executor != nullptr) making.unlock();
  MOBILENET_TRY(auto compiled, backend.compile(entry->weights, request));
  if (request.executor != nullptr) making.lock();
  if (!entry->program) entry->program = std::move(compiled);
  return entry->program;
}

Result<std::shared_ptr<const ModelState>> ModelState::at_size(int height, int width) const {
  constexpr std::size_t kMost = 4;  // each has packed weights of its own
  const std::lock_guard reading(sizes_mutex_);
  const auto known = std::find_if(sizes_.begin(), sizes_.end(), [&](const auto& state) {
    return state->info.input_height == height && state->info.input_width == width;
  });
  if (known != sizes_.end()) {
    sizes_.splice(sizes_.begin(), sizes_, known);
    return sizes_.front();
  }
  MOBILENET_TRY(auto read, read_again_(height, width));
  sizes_.push_front(std::move(read));
  if (sizes_.size() > kMost) sizes_.pop_back();
  return sizes_.front();
}

}  // namespace mobilenet
