// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the CPU backend runs together: a convolution with its batch norm, activation and residual.

#include "base/aligned_buffer.h"
#include "plan/grouping.h"

namespace mobilenet::cpu {

class CpuGrouping final : public Grouping {
 public:
  std::size_t alignment() const override { return kAlignment; }
  std::size_t padding() const override { return kReadPadding; }
  bool renames(const Network& network, const Node& node) const override { return is_plain_reshape(network, node); }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override {
    return next_of_convolution(plan, nodes);
  }
};

}  // namespace mobilenet::cpu
