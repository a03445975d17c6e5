// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bilinear resizing in TensorFlow's three coordinate systems.

#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/cpu/f32_steps.h"
#include "backend/cpu/kernels_f32_elementwise.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// The two source rows or columns of an output row or column, and how far it lies from the first to the second.
struct Sample {
  std::ptrdiff_t lower = 0, upper = 0;
  float fraction = 0;
};

std::vector<Sample> samples(const ResizeBilinearOp& op, std::int64_t input, std::int64_t output) {
  const bool corners = op.align_corners && output > 1;
  const float scale = corners ? static_cast<float>(input - 1) / static_cast<float>(output - 1)
                              : static_cast<float>(input) / static_cast<float>(output);
  std::vector<Sample> all;
  for (std::int64_t i = 0; i < output; ++i) {
    const float at =
        op.half_pixel_centers ? (static_cast<float>(i) + 0.5f) * scale - 0.5f : static_cast<float>(i) * scale;
    const auto lower = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0, input - 1);
    const auto upper = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(at)), 0, input - 1);
    all.push_back({lower, upper, at - static_cast<float>(lower)});
  }
  return all;
}

struct ResizeStep {
  const ElementwiseKernels* kernels = nullptr;
  Operand input;
  std::size_t output = kNotInArena;
  std::ptrdiff_t image = 0, row = 0, channels = 0;  // floats of the input
  std::size_t images = 0;
  std::vector<Sample> rows, columns;
};

void run_resize(const ResizeStep& step, const RunContext& context) {
  const float* input = step.input.data(context);
  float* output = floats_at(context, step.output);
  const std::size_t height = step.rows.size();
  const auto channels = static_cast<std::size_t>(step.channels);
  for_parts(context, step.images * height, 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t line = begin; line < end; ++line) {
      const Sample& y = step.rows[line % height];
      const float* top = input + static_cast<std::ptrdiff_t>(line / height) * step.image + y.lower * step.row;
      const float* bottom = top + (y.upper - y.lower) * step.row;
      float* out = output + line * step.columns.size() * channels;
      for (const Sample& x : step.columns) {
        const std::ptrdiff_t left = x.lower * step.channels, right = x.upper * step.channels;
        step.kernels->interpolate(top + left, top + right, bottom + left, bottom + right, x.fraction, y.fraction, out,
                                  channels);
        out += channels;
      }
    }
  });
}

}  // namespace

Result<CompiledStep> compile_resize(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Shape& in = source.shape(node.inputs[0]);
  const Shape& out = source.shape(node.output);
  const auto& op = std::get<ResizeBilinearOp>(node.op);
  ResizeStep step;
  step.kernels = &elementwise_kernels(source.isa);
  step.input = operand(source, node.inputs[0]);
  step.output = source.offset(node.output);
  step.images = static_cast<std::size_t>(in[0]);
  step.channels = in[3];
  step.row = in[2] * in[3];
  step.image = in[1] * step.row;
  step.rows = samples(op, in[1], out[1]);
  step.columns = samples(op, in[2], out[2]);
  return step_of<&run_resize>(std::move(step));
}

}  // namespace mobilenet::cpu
