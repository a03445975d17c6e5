// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Float32 kernels over runs of numbers: activations, sums, averages, interpolation, softmax. All touch nothing but
// those numbers, and may write in place. A NaN stays a NaN through all of them.

#include <mobilenet/layers.h>

#include <cstddef>

#include "simd/per_target.h"

namespace mobilenet::cpu {

struct ElementwiseKernels {
  // out[i] = activation(in[i])
  void (*activate)(Activation activation, const float* in, float* out, std::size_t count);
  // out[i] = clamp(a[i] + b[i], low, high)
  void (*add)(const float* a, const float* b, float* out, std::size_t count, float low, float high);
  // out[i] = max(a[i], b[i])
  void (*maximum)(const float* a, const float* b, float* out, std::size_t count);
  // out[i] = clamp(in[i] * factor, low, high)
  void (*scale)(const float* in, float* out, std::size_t count, float factor, float low, float high);
  // out[p][c] = in[p][c] * factors[c] + shifts[c]
  void (*scale_channels)(const float* in, const float* factors, const float* shifts, float* out, std::size_t pixels,
                         std::size_t channels);
  // out[c] = factor * sum over p of in[p * stride + c]
  void (*average)(const float* in, std::size_t pixels, std::size_t stride, float factor, float* out,
                  std::size_t channels);
  // out[c] = top + (bottom - top) * y, top = top_left[c] + (top_right[c] - top_left[c]) * x, bottom alike
  void (*interpolate)(const float* top_left, const float* top_right, const float* bottom_left,
                      const float* bottom_right, float x, float y, float* out, std::size_t channels);
  // out[i] = exp(beta in[i]) / sum over j of exp(beta in[j])
  void (*softmax)(const float* in, float* out, std::size_t count, float beta);
};

MOBILENET_PER_TARGET(ElementwiseKernels, kF32Elementwise)

}  // namespace mobilenet::cpu
