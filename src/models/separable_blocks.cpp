// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The blocks of MobileNet V1: depthwise and pointwise convolutions in turn, all activated.

#include "models/assembly.h"

namespace mobilenet {

std::vector<BlockTensors> assemble_separable_blocks(const ModelSpec& spec, TensorId x, Assembly& net) {
  std::vector<BlockTensors> blocks;
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const std::string number = std::to_string(i + 1);
    BlockTensors& tensors = blocks.emplace_back();
    tensors.expansion = x;
    x = net.depthwise("depthwise" + number, x, block.inputs,
                      {.kernel = 3, .stride = block.stride, .dilation = block.dilation});
    net.alias("hidden_" + std::to_string(2 * i), x);
    tensors.depthwise = x;
    x = net.convolution("pointwise" + number, x, block.inputs, {.outputs = block.outputs});
    net.alias("hidden_" + std::to_string(2 * i + 1), x);
    tensors.output = x;
  }
  return blocks;
}

}  // namespace mobilenet
