// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A transposed convolution from the output's side: an output pixel gathers the input pixels whose kernels reach it, a
// row of output channels at a time. Weights lie as pack_taps() leaves them.

#include <cstddef>
#include <cstdint>

#include "backend/cpu/program/step.h"
#include "backend/cpu/steps/taps.h"

namespace mobilenet::cpu {

struct TransposedGeometry {
  std::int64_t batch = 1, input_height = 1, input_width = 1, inputs = 1;
  std::int64_t output_height = 1, output_width = 1, outputs = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  Window window;

  std::size_t rows() const { return static_cast<std::size_t>(batch * output_height); }
  // The input position that reaches output `position` with a tap; kNone where there is none.
  static constexpr std::int64_t kNone = -1;
  static std::int64_t reaching(std::int64_t position, std::int64_t pad, std::int64_t tap, int stride,
                               std::int64_t extent) {
    const std::int64_t place = position + pad - tap;
    return place < 0 || place % stride != 0 || place / stride >= extent ? kNone : place / stride;
  }
};
TransposedGeometry transposed_geometry(const StepSource& source, const Node& node, const TransposeConv2dOp& op);

// sums[o] += number(x) * weight for every tap and input that reaches pixel (row, column) of the output; `image`: the
// input of its picture.
template <class Sum, class T, class Weight, class Number>
void gather_transposed(const TransposedGeometry& g, const T* image, std::int64_t row, std::int64_t column,
                       const Weight* weights, Sum* sums, const Number& number) {
  const Window& w = g.window;
  const std::int64_t tap_weights = g.inputs * g.outputs;
  for (int ky = 0; ky < w.kernel_height; ++ky) {
    const std::int64_t y = g.reaching(row, g.pad_top, ky, w.stride_height, g.input_height);
    for (int kx = 0; y != g.kNone && kx < w.kernel_width; ++kx) {
      const std::int64_t x = g.reaching(column, g.pad_left, kx, w.stride_width, g.input_width);
      if (x == g.kNone) continue;
      const T* const pixel = image + (y * g.input_width + x) * g.inputs;
      const Weight* weight = weights + (std::int64_t{ky} * w.kernel_width + kx) * tap_weights;
      for (std::int64_t i = 0; i < g.inputs; ++i, weight += g.outputs) {
        const auto factor = number(pixel[i]);
        for (std::int64_t o = 0; o < g.outputs; ++o) sums[o] += static_cast<Sum>(factor * weight[o]);
      }
    }
  }
}

// As WindowLayer of windows.h.
struct TransposedLayer {
  TransposedGeometry geometry;

  std::int64_t image_elements() const { return geometry.input_height * geometry.input_width * geometry.inputs; }
  template <class Sum, class T, class Weight, class Number>
  void gather(const T* image, std::int64_t y, std::int64_t x, const Weight* weights, Sum* sums,
              const Number& number) const {
    gather_transposed(geometry, image, y, x, weights, sums, number);
  }
};

}  // namespace mobilenet::cpu
