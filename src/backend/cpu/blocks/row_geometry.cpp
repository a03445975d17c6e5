// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/blocks/row_geometry.h"

namespace mobilenet::cpu {
namespace {

RowWindow rows_of(const Window& window, std::int64_t input_height) {
  return {(window.kernel_height - 1) * window.dilation_height + 1, window.stride_height,
          static_cast<int>(window_height(window, input_height).pad_before)};
}

bool is_byte(DataType type) { return type == DataType::u8 || type == DataType::i8; }

}  // namespace

std::optional<RowGeometry> row_geometry(const Network& network, std::span<const Shape> shapes, const Step& step) {
  const auto shape = [&](TensorId id) -> const Shape& { return shape_of(shapes, id); };
  const auto type = [&](TensorId id) { return network.tensor(id).type; };
  const Node& head = network.node(step.nodes.front());
  if (step.inputs.empty() || step.inputs[0] != head.inputs[0]) return std::nullopt;  // it reads a constant
  RowGeometry rows;
  rows.input = step.inputs[0];
  rows.output = step.output;
  if (step.inputs.size() > 1) rows.residual = step.inputs[1];
  const bool integer = is_byte(type(rows.input)) && is_byte(type(rows.output));
  if (!integer && (type(rows.input) != DataType::f32 || type(rows.output) != DataType::f32)) return std::nullopt;
  const Shape &in = shape(rows.input), &out = shape(rows.output);
  if (in.rank() != 4 || out.rank() != 4) return std::nullopt;

  if (const auto* convolution = std::get_if<Conv2dOp>(&head.op)) {
    if (convolution->groups != 1) return std::nullopt;
    // Floats are gathered from a whole picture.
    if (!integer && !is_pointwise(convolution->window, in, out)) rows.needs = RowGeometry::Needs::picture;
    rows.window = rows_of(convolution->window, in[1]);
    rows.weight_bytes = static_cast<std::size_t>(shape(head.inputs[1]).elements()) * size_of(type(head.inputs[1]));
  } else if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&head.op)) {
    if (depthwise->multiplier != 1) return std::nullopt;
    rows.window = rows_of(depthwise->window, in[1]);
  } else if (std::holds_alternative<AddOp>(head.op)) {
    // In floats an addition that is a step of its own may broadcast.
    if (!integer || rows.residual == kNoTensor || !(in == out) || !(shape(rows.residual) == out)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  rows.images = static_cast<int>(out[0]);
  rows.input_height = static_cast<int>(in[1]);
  rows.height = static_cast<int>(out[1]);
  rows.input_row_bytes = in[2] * in[3] * static_cast<std::ptrdiff_t>(size_of(type(rows.input)));
  rows.row_bytes = out[2] * out[3] * static_cast<std::ptrdiff_t>(size_of(type(rows.output)));
  return rows;
}

}  // namespace mobilenet::cpu
