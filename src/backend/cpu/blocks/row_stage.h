// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A step that can compute a few rows of its output at a time. Such steps run as a chain, row by row, with only the rows
// that the next one still needs in memory: a whole inverted-residual block then stays in the cache.

#include <cstddef>

#include "backend/cpu/program/run_context.h"

namespace mobilenet::cpu {

// Rows of one picture: all of them (count = height), or a ring of the last `count`.
struct Rows {
  float* first = nullptr;
  std::ptrdiff_t stride = 0;  // floats
  int count = 0;

  float* operator[](int y) const { return first + (y % count) * stride; }
};

struct RowStage {
  // Computes rows begin..end of one picture; `in` holds the input rows that they need. `residual`: the picture that is
  // added, or null. `scratch`: scratch_bytes of this thread.
  void (*run)(const void* arguments, const Rows& in, const Rows& out, const float* residual, int begin, int end,
              float* scratch) = nullptr;
  Place input, output, residual;
  int images = 0;
  int input_height = 0, height = 0;
  std::ptrdiff_t input_row_floats = 0, row_floats = 0;
  int reach = 1, stride = 1, pad = 0;  // output row y reads input rows y * stride - pad, as many as `reach`
  bool whole_input = false;            // `in` must hold every row
  std::size_t weight_bytes = 0;
  std::size_t scratch_bytes = 0;

  int input_begin(int y) const { return y * stride - pad < 0 ? 0 : y * stride - pad; }
  int input_end(int y_end) const {
    const int end = (y_end - 1) * stride - pad + reach;
    return end > input_height ? input_height : end;
  }
};

}  // namespace mobilenet::cpu
