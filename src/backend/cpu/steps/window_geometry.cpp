// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/window_geometry.h"

namespace mobilenet::cpu {

WindowGeometry window_geometry(const StepSource& source, const Node& node, const Window& window) {
  const Shape& input = source.shape(node.inputs[0]);
  const Shape& output = source.shape(node.output);
  WindowGeometry g;
  g.batch = input[0];
  g.input_height = input[1], g.input_width = input[2], g.input_channels = input[3];
  g.output_height = output[1], g.output_width = output[2], g.output_channels = output[3];
  g.pad_top = window_height(window, input[1]).pad_before;
  g.pad_left = window_width(window, input[2]).pad_before;
  g.kernel_height = window.kernel_height, g.kernel_width = window.kernel_width;
  g.stride_height = window.stride_height, g.stride_width = window.stride_width;
  g.dilation_height = window.dilation_height, g.dilation_width = window.dilation_width;
  return g;
}

}  // namespace mobilenet::cpu
