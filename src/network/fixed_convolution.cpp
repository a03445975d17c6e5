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

}  // namespace mobilenet
