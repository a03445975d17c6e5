// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Transposed convolution of bytes.

#include "backend/cpu/steps/transposed.h"

#include <vector>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "network/fixed_convolution.h"
#include "network/parameter.h"

namespace mobilenet::cpu {
namespace {

struct TransposedStep {
  TransposedGeometry geometry;
  ConvolutionArithmetic arithmetic;
  FixedConvolutionArithmetic fixed;  // in its place where windows leave gaps
  std::uint8_t flip = 0;
  std::int16_t zero_point = 0;  // of the input's unsigned bytes
  Place input, output;
  std::shared_ptr<const AlignedBuffer> weights;  // less their zero point
  std::vector<std::uint32_t> bias;

  std::int32_t finished(std::int32_t sum, std::size_t o) const {
    if (!fixed.factors.empty()) return fixed_convolution_element(fixed, sum, static_cast<int>(o));
    return requantize(sum, arithmetic.scales[o], arithmetic.output_zero_point, arithmetic.range);
  }

  std::size_t scratch_bytes() const { return bias.size() * sizeof(std::uint32_t); }

  void run(RunContext& context) const {
    const TransposedGeometry& g = geometry;
    const std::uint8_t* const in = bytes_at(context, input);
    context.for_each(g.rows(), [&](std::size_t index) {
      const auto row = static_cast<std::int64_t>(index);
      const std::uint8_t* const image = in + row / g.output_height * g.input_height * g.input_width * g.inputs;
      std::uint8_t* out = bytes_at(context, output) + row * g.output_width * g.outputs;
      auto* const sums = reinterpret_cast<std::uint32_t*>(context.scratch);  // which wrap around
      for (std::int64_t x = 0; x < g.output_width; ++x) {
        std::copy(bias.begin(), bias.end(), sums);
        gather_transposed(g, image, row % g.output_height, x, weights->as<std::int16_t>(), sums,
                          [this](std::uint8_t byte) { return static_cast<std::int16_t>((byte ^ flip) - zero_point); });
        for (std::size_t o = 0; o < bias.size(); ++o)
          *out++ = static_cast<std::uint8_t>(finished(static_cast<std::int32_t>(sums[o]), o));
      }
    });
  }
};

}  // namespace

Result<CompiledStep> compile_int8_transposed(const StepSource& source, const Node& node, const TransposeConv2dOp& op) {
  const Tensor &input = source.tensor(node.inputs[0]), &weight = source.tensor(node.inputs[1]);
  if (!weight.is_constant()) return failure(ErrorCode::unsupported, "its weight is not a constant");
  MOBILENET_TRY(const FilterView view, filter_view(source.parameter(node.inputs[1])));
  TransposedStep step;
  step.geometry = transposed_geometry(source, node, op);
  const Tensor& output = source.tensor(node.output);
  if (leaves_gaps(op)) {
    MOBILENET_TRY(step.fixed, fixed_convolution_arithmetic(FixedLayer::transposed, input, weight, output, op.activation,
                                                           view.outputs));
    step.arithmetic.input_zero_point = step.fixed.input_zero_point;
  } else {
    MOBILENET_TRY(step.arithmetic, convolution_arithmetic(input, weight, output, op.activation, view.outputs));
  }
  step.flip = flip_of(input.type);
  step.zero_point = static_cast<std::int16_t>(to_unsigned(input.type, step.arithmetic.input_zero_point));
  step.input = source.place(node.inputs[0]);
  step.output = source.place(node.output);
  step.bias.assign(static_cast<std::size_t>(view.outputs), 0);
  if (const TensorId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoTensor; bias != kNoTensor) {
    if (!source.tensor(bias).is_constant() || source.tensor(bias).type != DataType::i32)
      return failure(ErrorCode::unsupported, "its bias is not a constant of i32");
    for (std::size_t o = 0; o < step.bias.size(); ++o)
      step.bias[o] = static_cast<std::uint32_t>(stored_integer(source.parameter(bias), static_cast<std::int64_t>(o)));
  }
  const PackKey key{.kind = PackKey::Kind::taps, .type = DataType::i16, .weight = node.inputs[1]};
  const auto bytes = static_cast<std::size_t>(view.parameter->shape.elements()) * sizeof(std::int16_t);
  MOBILENET_TRY(step.weights, source.pack(key, bytes, [&](AlignedBuffer& buffer) {
    pack_taps(view, buffer.as<std::int16_t>(), [&](std::int64_t at) {
      return static_cast<std::int16_t>(stored_integer(*view.parameter, at) - step.arithmetic.weight_zero_point);
    });
  }));
  const std::size_t scratch = step.scratch_bytes();
  return step_of(std::move(step), scratch);
}

}  // namespace mobilenet::cpu
