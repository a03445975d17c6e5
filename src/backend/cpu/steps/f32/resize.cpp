// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bilinear resizing in TensorFlow's three coordinate systems.

#include <vector>

#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::cpu {
namespace {

struct ResizeStep {
  const ElementwiseKernels* kernels = nullptr;
  Operand input;
  Place output;
  std::ptrdiff_t image = 0, row = 0, channels = 0;  // floats of the input
  std::size_t images = 0;
  std::vector<ResizeTap> rows, columns;
};

void run_resize(const ResizeStep& step, RunContext& context) {
  const float* input = step.input.data(context);
  float* output = floats_at(context, step.output);
  const std::size_t height = step.rows.size();
  const auto channels = static_cast<std::size_t>(step.channels);
  context.for_parts(step.images * height, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t line = begin; line < end; ++line) {
      const ResizeTap& y = step.rows[line % height];
      const float* top = input + static_cast<std::ptrdiff_t>(line / height) * step.image + y.low * step.row;
      const float* bottom = top + (y.high - y.low) * step.row;
      float* out = output + line * step.columns.size() * channels;
      for (const ResizeTap& x : step.columns) {
        const std::ptrdiff_t left = x.low * step.channels, right = x.high * step.channels;
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
  step.kernels = source.kernels.f32_elementwise;
  MOBILENET_TRY(step.input, operand(source, node.inputs[0]));
  step.output = source.place(node.output);
  step.images = static_cast<std::size_t>(in[0]);
  step.channels = in[3];
  step.row = in[2] * in[3];
  step.image = in[1] * step.row;
  step.rows = resize_taps(in[1], out[1], op);
  step.columns = resize_taps(in[2], out[2], op);
  return step_of<&run_resize>(std::move(step));
}

}  // namespace mobilenet::cpu
