// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// MobileNet V1: a strided convolution, then depthwise and pointwise convolutions in turn, all activated.

#include "models/assembly.h"

namespace mobilenet {

BackboneTensors assemble_separable_blocks(const ModelSpec& spec, Assembly& net) {
  BackboneTensors backbone;
  TensorId x = net.convolution("stem", net.input(), 3, {.outputs = spec.stem, .kernel = 3, .stride = 2});
  int channels = spec.stem;
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const std::string number = std::to_string(i + 1);
    BlockTensors& tensors = backbone.blocks.emplace_back();
    tensors.expansion = x;
    x = net.depthwise("depthwise" + number, x, block.inputs,
                      {.kernel = 3, .stride = block.stride, .dilation = block.dilation});
    net.alias("hidden_" + std::to_string(2 * i), x);
    tensors.depthwise = x;
    x = net.convolution("pointwise" + number, x, block.inputs, {.outputs = block.outputs});
    net.alias("hidden_" + std::to_string(2 * i + 1), x);
    tensors.output = x;
    channels = block.outputs;
  }
  // Published V1 networks end here; timm's mobilenetv1_100h has one more convolution.
  if (spec.last > 0) {
    x = net.convolution("last", x, channels, {.outputs = spec.last});
    channels = spec.last;
  }
  backbone.output = x;
  backbone.channels = channels;
  return backbone;
}

}  // namespace mobilenet
