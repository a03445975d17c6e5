// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Transposed convolution of floats.

#include "backend/cpu/steps/transposed.h"

#include <algorithm>

#include "backend/cpu/kernels/f32_elementwise.h"
#include "backend/cpu/steps/f32/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

struct TransposedStep {
  const ElementwiseKernels* kernels = nullptr;
  TransposedGeometry geometry;
  Place input, output;
  std::shared_ptr<const AlignedBuffer> weights;
  std::vector<float> bias;
  Activation activation = Activation::none;

  void run(RunContext& context) const {
    const TransposedGeometry& g = geometry;
    const float* const in = floats_at(context, input);
    const auto line = static_cast<std::size_t>(g.output_width * g.outputs);
    context.for_each(g.rows(), [&](std::size_t index) {
      const auto row = static_cast<std::int64_t>(index);
      const float* const image = in + row / g.output_height * g.input_height * g.input_width * g.inputs;
      float* const out = floats_at(context, output) + index * line;
      for (std::int64_t x = 0; x < g.output_width; ++x) {
        float* const pixel = out + x * g.outputs;
        std::copy(bias.begin(), bias.end(), pixel);
        gather_transposed(g, image, row % g.output_height, x, weights->as<float>(), pixel, [](float v) { return v; });
      }
      if (activation != Activation::none) kernels->activate(activation, out, out, line);
    });
  }
};

}  // namespace

Result<CompiledStep> compile_transposed(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const auto& op = std::get<TransposeConv2dOp>(node.op);
  if (!source.network.is_constant(node.inputs[1]))
    return failure(ErrorCode::unsupported, "its weight is not a constant");
  TransposedStep step;
  step.kernels = source.kernels.f32_elementwise;
  step.geometry = transposed_geometry(source, node, op);
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.activation = op.activation;
  const TensorId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoTensor;
  if (bias != kNoTensor && !source.network.is_constant(bias))
    return failure(ErrorCode::unsupported, "its bias is not a constant");
  step.bias = bias == kNoTensor ? std::vector<float>(static_cast<std::size_t>(step.geometry.outputs))
                                : constant_values(source.network, source.parameters, bias);
  MOBILENET_TRY(const FilterView view, filter_view(source.parameter(node.inputs[1])));
  const PackKey key{.kind = PackKey::Kind::taps, .weight = node.inputs[1]};
  const auto bytes = static_cast<std::size_t>(view.parameter->shape.elements()) * sizeof(float);
  MOBILENET_TRY(step.weights, source.pack(key, bytes, [&](AlignedBuffer& buffer) {
    const std::vector<float> values = constant_values(source.network, source.parameters, node.inputs[1]);
    pack_taps(view, buffer.as<float>(), [&](std::int64_t at) { return values[static_cast<std::size_t>(at)]; });
  }));
  return step_of(std::move(step));
}

}  // namespace mobilenet::cpu
