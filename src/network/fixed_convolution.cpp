// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/fixed_convolution.h"

#include "base/error.h"
#include "network/quantized_types.h"

namespace mobilenet {
namespace {

int channels_with_halves_up(FixedLayer layer, int outputs) {
  switch (layer) {
    case FixedLayer::int4_convolution:
    case FixedLayer::int4_dense:
      return outputs;
    case FixedLayer::int4_grouped:
      return 0;
    case FixedLayer::int4_depthwise:
    case FixedLayer::transposed:
      return outputs / 8 * 8;  // these kernels take 8 channels at a time
  }
  return 0;
}

}  // namespace

Result<FixedConvolutionArithmetic> fixed_convolution_arithmetic(FixedLayer layer, const Tensor& input,
                                                                const Tensor& weight, const Tensor& output,
                                                                Activation activation, int outputs) {
  MOBILENET_TRY(const ConvolutionArithmetic common, convolution_arithmetic(input, weight, output, activation, outputs));
  MOBILENET_TRY(const TypePair types, equal_type_pair(input, output));
  if (types.input.type != DataType::i8)
    return quantization_error(input, "must be i8 for weights of 4 bits and for transposed convolutions with gaps");
  FixedConvolutionArithmetic convolution;
  convolution.input_zero_point = common.input_zero_point;
  convolution.output_zero_point = common.output_zero_point;
  convolution.halves_up = channels_with_halves_up(layer, outputs);
  convolution.range = activation_range_half_away(activation, types.output);
  const std::vector<float>& scales = weight.quantization->scales;
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(outputs); ++channel) {
    const float scale = scales[scales.size() == 1 ? 0 : channel];
    const float rounded = types.input.scale * scale;
    const double exact = static_cast<double>(types.input.scale) * static_cast<double>(scale);
    // A dense layer rounds the product of a single scale to float.
    const bool single = layer == FixedLayer::int4_dense && scales.size() == 1;
    const double factor = (single ? static_cast<double>(rounded) : exact) / static_cast<double>(types.output.scale);
    if (!(factor < 1)) return quantization_error(output, "has a scale too far from those of the inputs");
    convolution.factors.push_back(fixed_point(factor));
  }
  return convolution;
}

Activation fused_activation(const Op& op) {
  if (const auto* convolution = std::get_if<Conv2dOp>(&op)) return convolution->activation;
  if (const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&op)) return depthwise->activation;
  if (const auto* transposed = std::get_if<TransposeConv2dOp>(&op)) return transposed->activation;
  if (const auto* dense = std::get_if<DenseOp>(&op)) return dense->activation;
  return Activation::none;
}

std::optional<FixedLayer> fixed_layer(const Op& op, const Tensor& weight) {
  if (const auto* transposed = std::get_if<TransposeConv2dOp>(&op))
    return leaves_gaps(*transposed) ? std::optional(FixedLayer::transposed) : std::nullopt;
  if (!weight.int4) return std::nullopt;
  if (std::holds_alternative<DepthwiseConv2dOp>(op)) return FixedLayer::int4_depthwise;
  // The weight of a dense layer, of rows of a map too, has two axes. XNNPACK takes whole bytes of two inputs.
  if (weight.shape.rank() == 2) return weight.shape[1] % 2 != 0 ? std::optional(FixedLayer::int4_dense) : std::nullopt;
  const auto* convolution = std::get_if<Conv2dOp>(&op);
  return convolution != nullptr && convolution->groups > 1 ? FixedLayer::int4_grouped : FixedLayer::int4_convolution;
}

Result<LayerArithmetic> layer_arithmetic(const Op& op, const Tensor& input, const Tensor& weight, const Tensor& output,
                                         int outputs) {
  const Activation activation = fused_activation(op);
  LayerArithmetic layer;
  MOBILENET_TRY(layer.common, convolution_arithmetic(input, weight, output, activation, outputs));
  if (const auto kind = fixed_layer(op, weight)) {
    MOBILENET_TRY(layer.fixed, fixed_convolution_arithmetic(*kind, input, weight, output, activation, outputs));
  }
  return layer;
}

}  // namespace mobilenet
