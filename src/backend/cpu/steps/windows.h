// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Convolutions as plain loops, for sums that no vector kernel finishes: an output pixel gathers the input pixels under
// its window, a row of output channels at a time. Weights lie as pack_taps() leaves them.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/steps/int8/steps.h"
#include "backend/cpu/steps/taps.h"

namespace mobilenet::cpu {

// Output channel o reads the inputs of group o / outputs.
struct ChannelGroups {
  std::int64_t inputs = 1, outputs = 1;  // of one group
};
inline ChannelGroups channel_groups(const Op& op, const FilterView& view) {
  if (const auto* convolution = std::get_if<Conv2dOp>(&op)) return {view.inputs, view.outputs / convolution->groups};
  if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&op)) return {1, depthwise->multiplier};
  return {view.inputs, view.outputs};
}

// Of a convolution, a depthwise or a dense layer, which is one of a single pixel.
inline WindowGeometry layer_geometry(const StepSource& source, const Node& node, const FilterView& view) {
  if (const auto* convolution = std::get_if<Conv2dOp>(&node.op))
    return window_geometry(source, node, convolution->window);
  if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&node.op))
    return window_geometry(source, node, depthwise->window);
  WindowGeometry pixel;
  pixel.batch = source.shape(node.output)[0];
  pixel.input_channels = view.inputs;
  pixel.output_channels = view.outputs;
  return pixel;
}

// sums[o] += number(x) * weight for every tap inside the picture `image` and every input that output pixel (y, x)
// reads.
template <class Sum, class T, class Weight, class Number>
void gather_window(const WindowGeometry& g, const ChannelGroups& groups, const T* image, std::int64_t y, std::int64_t x,
                   const Weight* weights, Sum* sums, const Number& number) {
  for (std::int64_t ky = 0; ky < g.kernel_height; ++ky) {
    const std::int64_t row = y * g.stride_height - g.pad_top + ky * g.dilation_height;
    if (row < 0 || row >= g.input_height) continue;
    for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
      const std::int64_t column = x * g.stride_width - g.pad_left + kx * g.dilation_width;
      if (column < 0 || column >= g.input_width) continue;
      const T* const pixel = image + (row * g.input_width + column) * g.input_channels;
      const Weight* weight = weights + (ky * g.kernel_width + kx) * groups.inputs * g.output_channels;
      for (std::int64_t i = 0; i < groups.inputs; ++i, weight += g.output_channels) {
        if (groups.outputs == g.output_channels) {
          const std::int32_t value = number(pixel[i]);
          for (std::int64_t o = 0; o < g.output_channels; ++o) sums[o] += static_cast<Sum>(value * weight[o]);
        } else if (groups.outputs == 1 && groups.inputs == 1) {
          for (std::int64_t o = 0; o < g.output_channels; ++o)
            sums[o] += static_cast<Sum>(number(pixel[o]) * weight[o]);
        } else {
          for (std::int64_t o = 0; o < g.output_channels; ++o)
            sums[o] += static_cast<Sum>(number(pixel[o / groups.outputs * groups.inputs + i]) * weight[o]);
        }
      }
    }
  }
}

// What a step of plain loops is over: gathers what reaches a pixel of the output.
struct WindowLayer {
  WindowGeometry geometry;
  ChannelGroups groups;

  std::int64_t image_elements() const { return geometry.input_height * geometry.input_width * geometry.input_channels; }
  template <class Sum, class T, class Weight, class Number>
  void gather(const T* image, std::int64_t y, std::int64_t x, const Weight* weights, Sum* sums,
              const Number& number) const {
    gather_window(geometry, groups, image, y, x, weights, sums, number);
  }
};

}  // namespace mobilenet::cpu
