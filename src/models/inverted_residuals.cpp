// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The blocks of MobileNet V2: inverted residuals (expand, depthwise, linear projection, sum).

#include "models/assembly.h"

namespace mobilenet {

std::vector<BlockTensors> assemble_inverted_residuals(const ModelSpec& spec, TensorId x, Assembly& net) {
  std::vector<BlockTensors> blocks;
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const std::string name = "block" + std::to_string(i + 1);
    BlockTensors& tensors = blocks.emplace_back();
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
  }
  return blocks;
}

}  // namespace mobilenet
