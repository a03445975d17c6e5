// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The launches of a program with the addresses of one execution, as a CUDA graph.

#include <span>
#include <vector>

#include "backend/cuda/program/launch.h"

namespace mobilenet::cuda {

// Where everything lies that launches name by a Place.
struct Addresses {
  Address arena = 0, host = 0, flag = 0;
  std::vector<Address> inputs, outputs;
};

class LaunchGraph {
 public:
  LaunchGraph() = default;
  ~LaunchGraph();
  LaunchGraph(const LaunchGraph&) = delete;
  LaunchGraph& operator=(const LaunchGraph&) = delete;

  // `launches` outlive this.
  Result<void> make(const Device& device, std::span<const Launch> launches, const Addresses& addresses);
  // Inputs and outputs lie elsewhere from now on; allocates nothing.
  Result<void> move(const Addresses& addresses);
  Result<void> run(CUstream stream) const;
  // One launch by itself, for profiles.
  Result<void> launch(std::size_t index, CUstream stream) const;

 private:
  void fill(std::size_t index, const Addresses& addresses);

  const Device* device_ = nullptr;
  std::span<const Launch> launches_;
  std::vector<std::vector<std::byte>> arguments_;  // per launch, with addresses
  std::vector<CUgraphNode> nodes_;                 // per launch
  CUgraph graph_ = nullptr;
  CUgraphExec executable_ = nullptr;
};

}  // namespace mobilenet::cuda
