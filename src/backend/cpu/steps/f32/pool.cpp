// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Average, maximum and global average pooling.

#include <algorithm>
#include <limits>

#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/steps/f32/steps.h"
#include "backend/cpu/steps/window_geometry.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

constexpr std::size_t kChannelGrain = 64;  // a global average gives no thread fewer channels

struct GlobalAverageStep {
  const ElementwiseKernels* kernels = nullptr;
  Place input, output;
  std::size_t images = 0, pixels = 0, channels = 0;
};

void run_global_average(const GlobalAverageStep& step, RunContext& context) {
  const float* input = floats_at(context, step.input);
  float* output = floats_at(context, step.output);
  const float factor = static_cast<float>(1.0 / static_cast<double>(step.pixels));
  const std::size_t blocks = (step.channels + kChannelGrain - 1) / kChannelGrain;
  context.for_parts(step.images * blocks, 4, [&](std::size_t begin, std::size_t end) {
    for (std::size_t part = begin; part < end; ++part) {
      const std::size_t image = part / blocks, first = part % blocks * kChannelGrain;
      step.kernels->average(input + image * step.pixels * step.channels + first, step.pixels, step.channels, factor,
                            output + image * step.channels + first, std::min(kChannelGrain, step.channels - first));
    }
  });
}

struct PoolStep {
  const ElementwiseKernels* kernels = nullptr;
  Place input, output;
  PoolKind kind = PoolKind::average;
  WindowGeometry window;
  Activation activation = Activation::none;
};

// One output pixel, through the pixels of the window that lie inside the picture.
void pool_pixel(const PoolStep& step, const float* image, std::int64_t y, std::int64_t x, float* out) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const WindowGeometry& g = step.window;
  const auto channels = static_cast<std::size_t>(g.input_channels);
  int inside = 0;
  for (std::int64_t ky = 0; ky < g.kernel_height; ++ky) {
    const std::int64_t row = g.top(y) + ky * g.dilation_height;
    if (row < 0 || row >= g.input_height) continue;
    for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
      const std::int64_t column = g.left(x) + kx * g.dilation_width;
      if (column < 0 || column >= g.input_width) continue;
      const float* pixel = image + (row * g.input_width + column) * g.input_channels;
      if (inside++ == 0)
        std::copy(pixel, pixel + channels, out);
      else if (step.kind == PoolKind::max)
        step.kernels->maximum(out, pixel, out, channels);
      else
        step.kernels->add(out, pixel, out, channels, -kInfinity, kInfinity);
    }
  }
  if (inside == 0) std::fill(out, out + channels, 0.0f);
  if (step.kind == PoolKind::average && inside > 1)
    step.kernels->scale(out, out, channels, 1.0f / static_cast<float>(inside), -kInfinity, kInfinity);
  if (step.activation != Activation::none) step.kernels->activate(step.activation, out, out, channels);
}

void run_pool(const PoolStep& step, RunContext& context) {
  const WindowGeometry& g = step.window;
  const float* input = floats_at(context, step.input);
  float* output = floats_at(context, step.output);
  context.for_parts(static_cast<std::size_t>(g.batch * g.output_height), 1, [&](std::size_t begin, std::size_t end) {
    for (auto row = static_cast<std::int64_t>(begin); row < static_cast<std::int64_t>(end); ++row) {
      const float* image = input + row / g.output_height * g.input_height * g.input_width * g.input_channels;
      for (std::int64_t x = 0; x < g.output_width; ++x)
        pool_pixel(step, image, row % g.output_height, x, output + (row * g.output_width + x) * g.input_channels);
    }
  });
}

}  // namespace

Result<CompiledStep> compile_pool(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape& in = source.shape(node.inputs[0]);
  const auto* op = std::get_if<PoolOp>(&node.op);
  if (op == nullptr) {
    GlobalAverageStep step;
    step.kernels = source.kernels.f32_elementwise;
    step.input = source.place(node.inputs[0]);
    step.output = source.place(node.output);
    step.images = static_cast<std::size_t>(in[0]);
    step.pixels = static_cast<std::size_t>(in[1] * in[2]);
    step.channels = static_cast<std::size_t>(in[3]);
    return step_of<&run_global_average>(step);
  }
  PoolStep step;
  step.kernels = source.kernels.f32_elementwise;
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.kind = op->kind;
  step.window = window_geometry(source, node, op->window);
  step.activation = op->activation;
  return step_of<&run_pool>(step);
}

}  // namespace mobilenet::cpu
