// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// MobileNet V2: inverted residual blocks (expand, depthwise, linear projection, sum) between two convolutions.

#include "models/assembly.h"

namespace mobilenet {

BackboneTensors assemble_inverted_residuals(const ModelSpec& spec, Assembly& net) {
  BackboneTensors backbone;
  TensorId x = net.convolution("stem", net.input(), 3, {.outputs = spec.stem, .kernel = 3, .stride = 2});
  int channels = spec.stem;
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const std::string name = "block" + std::to_string(i + 1);
    BlockTensors& tensors = backbone.blocks.emplace_back();
    TensorId y = x;
    if (block.expand) y = net.convolution(name + "/expand", y, block.inputs, {.outputs = block.hidden});
    tensors.expansion = y;
    y = net.depthwise(name + "/depthwise", y, block.hidden,
                      {.kernel = 3, .stride = block.stride, .dilation = block.dilation});
    tensors.depthwise = y;
    y = net.convolution(name + "/project", y, block.hidden, {.outputs = block.outputs, .activated = false});
    if (block.residual)
      y = net.add(name + "/output", x, y);
    else
      net.layer(name + "/output", y);
    // Hugging Face counts its stem and the first block as one module, whose output is not among the hidden states.
    if (i > 0) net.alias("hidden_" + std::to_string(i - 1), y);
    tensors.output = x = y;
    channels = block.outputs;
  }
  if (spec.last > 0) {
    x = net.convolution("last", x, channels, {.outputs = spec.last});
    channels = spec.last;
  }
  backbone.output = x;
  backbone.channels = channels;
  return backbone;
}

}  // namespace mobilenet
