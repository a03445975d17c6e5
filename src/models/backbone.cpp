// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/backbone.h"

#include <algorithm>

namespace mobilenet {

bool has_residuals(BlockKind kind) {
  switch (kind) {
    case BlockKind::separable:
      return false;
    case BlockKind::inverted_residual:
      return true;
  }
  return false;
}

std::vector<StageBlock> blocks_of(const Backbone& backbone) {
  std::vector<StageBlock> blocks;
  for (const Stage& stage : backbone.stages)
    for (int i = 0; i < stage.blocks; ++i)
      blocks.push_back({stage.outputs, i == 0 ? stage.stride : 1, stage.expansion});
  return blocks;
}

int scale_channels(ChannelRounding rounding, int channels, double depth_multiplier) {
  const double wanted = channels * depth_multiplier;
  if (rounding == ChannelRounding::down) return std::max(static_cast<int>(wanted), 8);
  const int rounded = std::max(8, static_cast<int>(wanted + 4) / 8 * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

ModelSpec backbone_spec(const Backbone& backbone, double depth_multiplier, int input_size) {
  const auto scaled = [&](int channels) { return scale_channels(backbone.rounding, channels, depth_multiplier); };
  ModelSpec spec;
  spec.architecture = backbone.architecture;
  spec.depth_multiplier = depth_multiplier;
  spec.input_height = spec.input_width = input_size;
  spec.tf_padding = true;
  int inputs = spec.stem = scaled(backbone.stem);
  for (const StageBlock& block : blocks_of(backbone)) {
    const int outputs = scaled(block.outputs);
    const bool may_add = has_residuals(backbone.blocks) && block.stride == 1;
    spec.blocks.push_back({.inputs = inputs,
                           .hidden = block.expansion * inputs,
                           .outputs = outputs,
                           .stride = block.stride,
                           .expand = block.expansion > 1,
                           .residual = may_add && inputs == outputs});
    inputs = outputs;
  }
  // The last convolution keeps its width below multiplier 1 ("fine-grained" classifiers).
  if (backbone.last > 0) spec.last = depth_multiplier < 1 ? backbone.last : scaled(backbone.last);
  return spec;
}

void limit_output_stride(std::vector<BlockSpec>& blocks, int output_stride) {
  int stride = 2;  // of the stem
  int dilation = 1;
  for (BlockSpec& block : blocks) {
    if (stride < output_stride) {
      stride *= block.stride;
      continue;
    }
    block.dilation = dilation;
    dilation *= block.stride;  // the block that would have halved the map keeps the old dilation
    block.stride = 1;
  }
}

}  // namespace mobilenet
