// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The structure of a backbone from the shapes of its weights: channels, expansions, residuals, classes. Only strides
// are not in the shapes; they follow from the stage that a block belongs to.

#include <mobilenet/result.h>

#include "formats/weights/convention.h"
#include "models/backbone.h"
#include "spec/model_spec.h"

namespace mobilenet {

// In what conventions differ.
struct StructureOptions {
  int output_stride = 32;
  ChannelRounding rounding = ChannelRounding::nearest_8;  // of depth multipliers
  bool first_block_adds = false;  // timm treats the first inverted residual like the others; elsewhere it has no sum
};

// Fills architecture, stem, blocks, last, classes, DeepLab's head and depth_multiplier (0 where no multiplier gives
// these channels). Weights are read for their outputs only; building the network compares everything else.
Result<ModelSpec> structure_of(const NamedWeights& weights, const StructureOptions& options);

}  // namespace mobilenet
