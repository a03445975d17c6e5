// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The structure of a backbone from the shapes of its weights: channels, expansions, residuals, classes. Only strides
// are not in the shapes; they follow from the stage that a block belongs to.

#include <mobilenet/result.h>

#include "formats/weights/named_weights.h"
#include "spec/model_spec.h"

namespace mobilenet {

// Fills architecture, stem, blocks, last, classes, DeepLab's head and depth_multiplier (0 where no multiplier gives
// these channels). Weights are read for their outputs only; building the network compares everything else.
Result<ModelSpec> structure_of(const NamedWeights& weights, int output_stride = 32);

}  // namespace mobilenet
