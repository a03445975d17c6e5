// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a network costs, in the units papers use.

#include <cstdint>
#include <span>

#include "network/network.h"

namespace mobilenet {

struct NetworkCost {
  std::int64_t macs = 0;        // multiply-adds of convolutions and dense layers, for the given shapes
  std::int64_t parameters = 0;  // weights and biases once batch norm is folded into them
};

NetworkCost cost_of(const Network& network, const Parameters& parameters, std::span<const Shape> shapes);

}  // namespace mobilenet
