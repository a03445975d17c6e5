// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A model's constants on the device, in the layouts of the kernels that read them: each converted when a program first
// needs it, and kept for all programs.

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/cuda/driver/device.h"
#include "backend/cuda/program/launch.h"

namespace mobilenet::cuda {

// All that packed bytes depend on.
struct PackKey {
  enum class Kind { constant, bias, tiles, wide, columns, rows, depthwise, block, scale, transposed, table };
  Kind kind = Kind::constant;
  int node = -1;                // the first of the layers
  TensorId tensor = kNoTensor;  // or a constant by itself
  int batch_norm = -1;
  int columns = 0, depth = 0;  // of a layout in parts
  int halves = 0;
  std::vector<std::int64_t> table = {};  // what a table is made of
  auto operator<=>(const PackKey&) const = default;
};

class CudaWeights final : public Weights {
 public:
  CudaWeights(std::shared_ptr<const ModelGraph> graph, Precision precision, const Device& device)
      : graph_(std::move(graph)), precision_(precision), device_(device) {}

  const Network& network() const { return graph_->network; }
  const Parameters& parameters() const { return graph_->parameters; }
  Precision precision() const { return precision_; }
  const Device& device() const { return device_; }

  using Make = std::function<std::vector<std::byte>()>;
  // Where the bytes lie, which are made unless they are there already.
  Result<Place> pack(const PackKey& key, const Make& make) const;
  std::size_t packed_bytes() const;

 private:
  const std::shared_ptr<const ModelGraph> graph_;
  const Precision precision_;
  const Device& device_;
  mutable std::mutex mutex_;
  mutable std::map<PackKey, DeviceBuffer> packed_;
  mutable std::size_t packed_bytes_ = 0;
};

}  // namespace mobilenet::cuda
