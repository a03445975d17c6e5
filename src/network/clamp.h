// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Activations that only cut numbers off, and where: for every arithmetic.

#include <mobilenet/network.h>

#include <limits>

namespace mobilenet {

struct ClampRange {
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

// Everything, for what is not a clamp.
constexpr ClampRange clamp_of(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (activation == Activation::relu) return {0, kInfinity};
  if (activation == Activation::relu6) return {0, 6};
  if (activation == Activation::relu_n1_to_1) return {-1, 1};
  if (activation == Activation::relu_0_to_1) return {0, 1};
  return {};
}

constexpr bool is_clamp(Activation activation) {
  switch (activation) {
    case Activation::none:
    case Activation::relu:
    case Activation::relu6:
    case Activation::relu_n1_to_1:
    case Activation::relu_0_to_1:
      return true;
    case Activation::hard_swish:
    case Activation::hard_sigmoid:
    case Activation::sigmoid:
      break;
  }
  return false;
}

}  // namespace mobilenet
