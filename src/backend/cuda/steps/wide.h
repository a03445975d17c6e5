// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which matrix products kernels/wide.cu makes, and how it finds their weights.

#include <array>
#include <cstddef>
#include <cstdint>

#include "backend/cuda/driver/device.h"
#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

constexpr const char* kWideFile = "wide";

struct WideKernel {
  const char* name;
  int rows, columns;  // of a block of threads
  int stages;         // steps of the depth in shared memory at once
  int together;       // blocks of a cluster, which share the weights that they copy
  int each;           // blocks that a multiprocessor holds

  unsigned threads() const { return static_cast<unsigned>(2 * rows); }
  unsigned shared_bytes() const;
  std::int64_t row_blocks(std::int64_t pixels) const;  // whole clusters of them
  std::int64_t column_blocks(int channels) const { return (channels + columns - 1) / columns; }
};
constexpr std::array<WideKernel, 6> kWideKernels{{{"pair_192_256", 192, 256, 4, 2, 1},
                                                  {"pair_128_256", 128, 256, 4, 2, 1},
                                                  {"pair_128_128", 128, 128, 3, 2, 2},
                                                  {"wide_192_256", 192, 256, 4, 1, 1},
                                                  {"wide_128_256", 128, 256, 4, 1, 1},
                                                  {"wide_128_128", 128, 128, 3, 1, 2}}};

// Whether the build has the kernels and the device runs them: they are of sm_90a, and of no later GPU.
bool has_wide(const Device& device);

// Whether products of so many columns and such a depth gain by large tiles.
constexpr bool wide_suits(int columns, int depth) { return columns > 64 && depth >= 128; }

// The kernel that takes the least time for a product of so many rows; null: those of convolution.cu take less.
const WideKernel* wide_kernel(const Device& device, const ConvolutionArguments& arguments);

// While it lives, one kernel makes all products that it can: for tests, whose products are small.
class OnlyWide {
 public:
  explicit OnlyWide(const WideKernel& kernel);
  ~OnlyWide();
  OnlyWide(const OnlyWide&) = delete;
  OnlyWide& operator=(const OnlyWide&) = delete;
};

// Weights [columns / kWideGroup][depth / kStepDepth] pieces of kWideGroup lines of kStepDepth halves, each line's
// eighths in the order that matrix units want (operand of kernels/warpgroup.cuh). Where a weight lies, in bytes.
constexpr std::size_t wide_place(int column, int depth, int padded_depth) {
  const int steps = padded_depth / kStepDepth, line = column % kWideGroup;
  const auto piece = static_cast<std::size_t>(column / kWideGroup) * static_cast<std::size_t>(steps) +
                     static_cast<std::size_t>(depth / kStepDepth);
  const int eighth = depth % kStepDepth / 8 ^ line % 8;
  return piece * kWideGroup * kStepDepth * 2 +
         static_cast<std::size_t>(line * kStepDepth * 2 + eighth * 16 + depth % 8 * 2);
}

}  // namespace mobilenet::cuda
