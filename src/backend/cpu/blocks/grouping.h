// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the CPU backend runs together: as a Step a convolution with its batch norm, activation and residual, by the rule
// that plan/grouping.h has for any backend; as a Block Steps that stream rows through each other because what lies
// between them is too large for the cache.

#include <algorithm>
#include <limits>

#include "backend/cpu/blocks/row_geometry.h"
#include "backend/cpu/kernels/kernel_set.h"
#include "base/aligned_buffer.h"
#include "plan/grouping.h"

namespace mobilenet::cpu {

class CpuGrouping final : public Grouping {
 public:
  // Of a program that runs on as many threads: they divide the rows of a block, and what lies at a seam is computed by
  // both sides.
  CpuGrouping(int threads, const KernelSet& kernels, Precision precision)
      : threads_(std::max(1, threads)),
        streamed_floats_(products_of_floats(kernels, precision, std::numeric_limits<int>::max()).streamed_bytes),
        streamed_integers_(kernels.int8_matmul->streamed_bytes) {}

  std::size_t alignment() const override { return kAlignment; }
  std::size_t padding() const override { return kReadPadding; }
  bool renames(const PlanView& plan, const Node& node) const override { return is_plain_reshape(plan.network(), node); }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override;
  std::size_t block_size(const PlanView& plan, std::size_t first) const override;

 private:
  bool gains(const RowGeometry& from, const RowGeometry& to, bool floats) const;

  int threads_;
  std::size_t streamed_floats_, streamed_integers_;  // of a picture
};

}  // namespace mobilenet::cpu
