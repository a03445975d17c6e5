// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a MobileNet's convolutions are, as a table: channels at depth multiplier 1, blocks and strides of each stage,
// and how the multiplier changes channels. Readers compare files with it; nothing requires a file to match in channels.
// The tables themselves are in registry.cpp.

#include <span>
#include <vector>

#include "spec/model_spec.h"

namespace mobilenet {

enum class BlockKind {
  separable,          // V1: "depthwise1", then "pointwise1"
  inverted_residual,  // V2: "block1/expand", "block1/depthwise", "block1/project" and perhaps a sum, "block1/output"
};

// Whether blocks of this kind add their input to their output where the two fit.
bool has_residuals(BlockKind kind);

// Blocks of one width; the first has the stride, the rest have stride 1.
struct Stage {
  int outputs;
  int blocks;
  int stride;
  int expansion = 1;  // hidden channels an input channel; 1: no convolution that expands
};

enum class ChannelRounding {
  down,       // TensorFlow's V1: cut to an integer, at least 8
  nearest_8,  // V2 and timm: to the nearest multiple of 8, at least 8, one step up where that loses more than a tenth
};

struct Backbone {
  Architecture architecture;  // with a classifier and nothing else on it
  BlockKind blocks;
  ChannelRounding rounding;
  int stem;
  std::span<const Stage> stages;
  int last;  // of the 1x1 convolution behind the blocks; 0: none
};

// One of a stage's blocks.
struct StageBlock {
  int outputs;
  int stride;
  int expansion;
};
std::vector<StageBlock> blocks_of(const Backbone& backbone);

int scale_channels(ChannelRounding rounding, int channels, double depth_multiplier);

// A feature extractor of TensorFlow's conventions.
ModelSpec backbone_spec(const Backbone& backbone, double depth_multiplier, int input_size);

// Strides past `output_stride` (8, 16 or 32) become dilations of the blocks after them.
void limit_output_stride(std::vector<BlockSpec>& blocks, int output_stride);

}  // namespace mobilenet
