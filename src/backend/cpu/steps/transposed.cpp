// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/transposed.h"

namespace mobilenet::cpu {

TransposedGeometry transposed_geometry(const StepSource& source, const Node& node, const TransposeConv2dOp& op) {
  const Shape &in = source.shape(node.inputs[0]), &out = source.shape(node.output);
  TransposedGeometry g;
  g.batch = in[0], g.input_height = in[1], g.input_width = in[2], g.inputs = in[3];
  g.output_height = out[1], g.output_width = out[2], g.outputs = out[3];
  g.pad_top = window_height(op.window, out[1]).pad_before;
  g.pad_left = window_width(op.window, out[2]).pad_before;
  g.window = op.window;
  return g;
}

}  // namespace mobilenet::cpu
