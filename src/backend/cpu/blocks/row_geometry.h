// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How a step divides into rows, as its operators and shapes alone say. What forms a block and what runs it both ask
// here.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "plan/grouping.h"

namespace mobilenet::cpu {

// Which rows of the input an output row needs: row y reads `reach` of them, from y * stride - pad on.
struct RowWindow {
  int reach = 1, stride = 1, pad = 0;

  bool is_one_row() const { return reach == 1 && stride == 1 && pad == 0; }
};

struct RowGeometry {
  TensorId input = kNoTensor, output = kNoTensor;
  TensorId residual = kNoTensor;  // of the output's shape: its row y is added to the output's; kNoTensor: none
  int images = 0, input_height = 0, height = 0;
  std::ptrdiff_t input_row_bytes = 0, row_bytes = 0;       // the residual's rows are as long as the output's
  enum class Needs { rows, picture } needs = Needs::rows;  // picture: all rows of the input, each in its place
  RowWindow window;
  std::size_t weight_bytes = 0;  // read again for every row

  std::size_t picture_bytes() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(row_bytes); }
  int input_begin(int y) const { return std::max(0, y * window.stride - window.pad); }
  int input_end(int y_end) const {
    return std::min(input_height, (y_end - 1) * window.stride - window.pad + window.reach);
  }
};

// nullopt: the step computes its whole output at once.
std::optional<RowGeometry> row_geometry(const Network& network, std::span<const Shape> shapes, const Step& step);

}  // namespace mobilenet::cpu
