// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How every tensor of a plan is stored on the device, and where.

#include <vector>

#include "backend/cuda/program/launch.h"
#include "network/precision.h"
#include "plan/plan.h"

namespace mobilenet::cuda {

struct TensorStorage {
  std::vector<Stored> stored;  // per tensor; of constants nothing
  std::vector<Place> places;   // per tensor
  // Per output of the plan, where it lies in the execution's arena as long as no caller brings memory for it; behind
  // the plan's arena where the tensor itself is stored in another way.
  std::vector<std::size_t> output_offsets;
  std::vector<bool> copied;  // per output: whether its tensor lies elsewhere and is copied in the end
  std::size_t arena_bytes = 0;
};

// Fails for tensors of types that the device does not compute with.
Result<TensorStorage> store_tensors(const Network& network, const Plan& plan, Precision precision);

}  // namespace mobilenet::cuda
